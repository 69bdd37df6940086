#include "dds_world.hpp"

#include "dds_log.hpp"
#include "dds_topic.hpp"

#include <shunt/bus/clock.hpp>

#include <filesystem>

namespace shunt::bridges {
namespace {

constexpr std::int64_t kTryAgainNs = 1'000'000'000;

using Listener = std::unique_ptr<dds_listener_t, void (*)(dds_listener_t*)>;

class DdsWorld final : public World {
 public:
  DdsWorld(const Agreement& agreement, DdsSettings settings, std::function<void()> wake)
      : agreement_(agreement), settings_(std::move(settings)), wake_(std::move(wake)) {
    listen_to_dds();
    dds_lset_data_available(listener_.get(), on_data);
  }
  DdsWorld(const DdsWorld&) = delete;
  DdsWorld& operator=(const DdsWorld&) = delete;
  ~DdsWorld() override { close(); }

  /// Nobody has to be there: what is sent then goes to nobody, as everywhere with DDS.
  Link look() override {
    if (domain_ <= 0 && bus::now_ns() >= try_at_ns_) {
      const auto opened = open();
      if (!opened) {
        close();
        try_at_ns_ = bus::now_ns() + kTryAgainNs;
        state_ = fmt::format("waits for {}: {}", settings_.where, opened.error().message);
      }
    }
    if (domain_ <= 0) return Link::Waiting;
    state_ = settings_.where;
    for (const auto& topic : topics_)
      if (const auto mismatch = topic->mismatch(); !mismatch.empty()) state_ += "; " + mismatch;
    return Link::Connected;
  }

  [[nodiscard]] std::string state() const override { return state_; }

  Sent send(std::size_t topic, const Outgoing& message) override { return topics_[topic]->send(message); }

  /// Each topic has its turn.
  std::optional<Received> receive() override {
    for (std::size_t looked_at = 0; looked_at < topics_.size(); ++looked_at) {
      turn_ = turn_ + 1 < topics_.size() ? turn_ + 1 : 0;
      if (auto received = topics_[turn_]->receive()) {
        received->topic = turn_;
        return received;
      }
    }
    return std::nullopt;
  }
  void release() override { topics_[turn_]->release(); }

  void count(std::size_t topic, control::OpenCountersT& counters) const override {
    if (topic < topics_.size()) topics_[topic]->count(counters);
  }

 private:
  /// Cyclone would wait for what a pipe has to say, and read a device without end.
  static Status check_file(const std::string& file) {
    std::error_code problem;
    if (file.empty() || std::filesystem::is_regular_file(file, problem)) return {};
    return error(ErrorCode::BadConfiguration, "[bridges.dds] configuration: {} is {}", file,
                 problem ? problem.message() : "no regular file");
  }

  Status open() {
    const auto is_made = [&](dds_entity_t entity) -> Status {
      if (entity > 0) return {};
      const auto complaint = last_complaint_of_dds();
      return error(ErrorCode::System, "{}", complaint.empty() ? dds_strretcode(entity) : complaint);
    };
    SHUNT_CHECK(check_file(settings_.file));
    domain_ = dds_create_domain(settings_.domain, settings_.configuration.c_str());
    SHUNT_CHECK(is_made(domain_));
    const dds_entity_t participant = dds_create_participant(settings_.domain, nullptr, nullptr);
    SHUNT_CHECK(is_made(participant));
    for (std::size_t i = 0; i < agreement_.topics.size(); ++i) {
      SHUNT_TRY(topic, DdsTopic::create(participant, agreement_.topics[i], settings_.topics[i], settings_,
                                        agreement_.start, listener_.get()));
      topics_.push_back(std::move(topic));
    }
    return {};
  }

  void close() {
    topics_.clear();  // what is lent goes back first
    if (domain_ > 0) dds_delete(domain_);
    domain_ = 0;
  }

  static void on_data(dds_entity_t, void* self) { static_cast<DdsWorld*>(self)->wake_(); }

  const Agreement& agreement_;
  DdsSettings settings_;
  std::function<void()> wake_;
  std::string state_ = "starts";
  Listener listener_{dds_create_listener(this), dds_delete_listener};
  dds_entity_t domain_ = 0;
  std::vector<std::unique_ptr<DdsTopic>> topics_;
  std::int64_t try_at_ns_ = 0;
  std::size_t turn_ = 0;  // the topic that receive() gave from last
};

}  // namespace

Result<std::unique_ptr<World>> make_dds(const Agreement& agreement, std::function<void()> wake) {
  SHUNT_TRY(settings, read_dds_settings(agreement));
  return std::make_unique<DdsWorld>(agreement, std::move(settings), std::move(wake));
}

}  // namespace shunt::bridges
