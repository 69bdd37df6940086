#include "iceoryx_world.hpp"

#include "joining.hpp"
#include "roudi.hpp"

#include <shunt/bridges/complaints.hpp>

#include <fmt/format.h>
#include <iceoryx_hoofs/error_handling/error_handling.hpp>
#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_posh/popo/listener.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>
#include <iceoryx_posh/runtime/posh_runtime_single_process.hpp>
#include <unistd.h>

namespace shunt::bridges {
namespace {

constexpr int kIceoryxGaveUp = 5;

/// For a RouDi that is well: it takes some milliseconds. What goes out meanwhile waits in its ring.
constexpr std::chrono::milliseconds kRoudiAnswersWithin{2'000};

enum class Choice : std::uint8_t { Auto, Embedded, Join };

[[noreturn]] void give_up(const char* why) {
  complain(fmt::format("shunt-bridge-iceoryx: iceoryx gave up: {}", why));
  ::_exit(kIceoryxGaveUp);
}

/// What iceoryx cannot go on from ends this process, with its name for it; a new one starts afresh.
void on_error(iox::Error error, const std::function<void()>&, iox::ErrorLevel level) {
  if (level != iox::ErrorLevel::MODERATE) give_up(iox::ErrorHandler::toString(error));
}

class IceoryxWorld final : public World {
 public:
  IceoryxWorld(const Agreement& agreement, Choice choice, std::vector<PoolClass> shared, std::function<void()> wake)
      : agreement_(agreement), choice_(choice), shared_(std::move(shared)), wake_(std::move(wake)) {
    iox::log::LogManager::GetLogManager().SetDefaultLogLevel(iox::log::LogLevel::kOff,
                                                             iox::log::LogLevelOutput::kHideLogLevel);
  }
  IceoryxWorld(const IceoryxWorld&) = delete;
  IceoryxWorld& operator=(const IceoryxWorld&) = delete;
  /// The listener first: nobody calls us any more. Then, by the order of members, topics, runtime and RouDi.
  ~IceoryxWorld() override {
    if (listener_)
      for (const auto& topic : ports_.topics)
        listener_->detachEvent(topic->subscriber(), iox::popo::SubscriberEvent::DATA_RECEIVED);
    listener_.reset();
  }

  Link look() override {
    const auto roudi = own_roudi_ ? std::nullopt : listening_roudi();
    if (joined_ && roudi != joined_) return lose("the machine's RouDi, which has gone");
    if (joining_) return take_ports_within({});
    if (is_connected()) {
      if (!ports_.probe->look())
        return lose(own_roudi_ ? "a RouDi of its own, which stands still" : "the machine's RouDi, which stands still");
      return Link::Connected;
    }
    if (roudi && choice_ == Choice::Embedded) return wait("waits until no other RouDi runs");
    if (!roudi && choice_ == Choice::Join) return wait("waits for the machine's RouDi");
    return roudi ? join(*roudi) : embed();
  }

  [[nodiscard]] std::string state() const override { return state_; }

  Sent send(std::size_t topic, const Outgoing& message) override {
    return ports_.topics[topic]->send(message.payload, message.redelivered);
  }

  /// Each topic has its turn.
  std::optional<Received> receive() override {
    for (std::size_t looked_at = 0; looked_at < ports_.topics.size(); ++looked_at) {
      turn_ = turn_ + 1 < ports_.topics.size() ? turn_ + 1 : 0;
      if (const auto payload = ports_.topics[turn_]->receive()) return Received{.topic = turn_, .payload = *payload};
    }
    return std::nullopt;
  }
  void release() override { ports_.topics[turn_]->release(); }

  void count(std::size_t topic, control::OpenCountersT& counters) const override {
    if (!is_connected()) return;
    counters.lost += ports_.topics[topic]->lost();
    counters.refused += ports_.topics[topic]->refused();
  }

 private:
  [[nodiscard]] bool is_connected() const noexcept { return !ports_.topics.empty(); }

  Link lose(const char* state) {
    state_ = state;
    return Link::Lost;
  }

  Link wait(const char* state) {
    state_ = state;
    return Link::Waiting;
  }

  /// The same after every restart, so that what a killed bridge left under it is taken over. One that answers is of
  /// another host of that name.
  [[nodiscard]] iox::RuntimeName_t runtime_name() const {
    constexpr std::size_t kHostBytesMax = 60;  // of the 100 that iceoryx takes
    const auto name = fmt::format("shunt-{}-{}", ::getuid(), agreement_.setting("host").substr(0, kHostBytesMax));
    auto free = name;
    for (int number = 2; answers(free); ++number) free = fmt::format("{}-{}", name, number);
    return {iox::cxx::TruncateToCapacity, free.c_str()};
  }

  Link join(const RoudiMark& roudi) {
    joined_ = roudi;
    joining_.emplace(runtime_name(), agreement_);
    return take_ports_within(kRoudiAnswersWithin);
  }

  Link take_ports_within(std::chrono::milliseconds patience) {
    auto ports = joining_->ports_within(patience);
    if (!ports) return wait("the machine's RouDi, which does not answer: start it anew");
    joining_.reset();
    return connect(std::move(*ports), "the machine's RouDi");
  }

  Link embed() {
    own_roudi_ = std::make_unique<OwnRoudi>(shared_, sizeof(OpenHeader));
    own_runtime_ = std::make_unique<iox::runtime::PoshRuntimeSingleProcess>(runtime_name());
    return connect(make_ports(agreement_), "a RouDi of its own");
  }

  Link connect(Ports ports, const char* state) {
    ports_ = std::move(ports);
    listen();
    state_ = state;
    return Link::Connected;
  }

  void listen() {
    listener_ = std::make_unique<iox::popo::Listener>();
    for (const auto& topic : ports_.topics)
      listener_
          ->attachEvent(topic->subscriber(), iox::popo::SubscriberEvent::DATA_RECEIVED,
                        iox::popo::createNotificationCallback(on_data, *this))
          .or_else([](auto) { give_up("a listener has no room for another topic"); });
  }

  static void on_data(iox::popo::UntypedSubscriber* const, IceoryxWorld* const self) { self->wake_(); }

  const Agreement& agreement_;
  Choice choice_;
  std::vector<PoolClass> shared_;
  std::function<void()> wake_;
  iox::cxx::GenericRAII errors_{iox::ErrorHandler::setTemporaryErrorHandler(on_error)};
  std::string state_ = "starts";
  std::optional<RoudiMark> joined_;
  std::unique_ptr<OwnRoudi> own_roudi_;
  std::unique_ptr<iox::runtime::PoshRuntimeSingleProcess> own_runtime_;
  std::optional<Joining> joining_;  // until RouDi has answered
  Ports ports_;
  std::unique_ptr<iox::popo::Listener> listener_;
  std::size_t turn_ = 0;  // the topic that receive() gave from last
};

}  // namespace

Result<std::unique_ptr<World>> make_iceoryx(const Agreement& agreement, std::function<void()> wake) {
  SHUNT_TRY(shared, parse_pool(agreement.setting("shared")));
  const std::string word = agreement.setting("roudi");
  const Choice choice = word == "embedded" ? Choice::Embedded : word == "join" ? Choice::Join : Choice::Auto;
  return std::make_unique<IceoryxWorld>(agreement, choice, std::move(shared), std::move(wake));
}

}  // namespace shunt::bridges
