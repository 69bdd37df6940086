/// An ordinary iceoryx application: publishes bars on an open topic, and reads the signals that come of them on
/// another.
///
///     iceoryx_application name=NAME bars=SCHEMA signals=SCHEMA publish=COUNT every=MICROSECONDS
///
/// dies=between and dies=inside say what SIGUSR2 does: a kill -9 between two calls of iceoryx, or where one holds the
/// lock of a publisher, which only chance hits from outside.
///
/// window=COUNT lets no more bars be without their signal than that, so that no queue overflows whoever is slow.
/// header=none sends bars without a user header, header=wrong with one that names another schema; payload=BYTES sends
/// so many that are no FlatBuffer. read=no subscribes and takes nothing before SIGUSR1. It prints what it has seen, as
/// JSON lines, until SIGTERM.

#include <shunt/schemas/market_generated.h>
#include <shunt/schemas/open_header.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <thread>

#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_posh/internal/popo/ports/publisher_port_data.hpp>
#include <iceoryx_posh/popo/untyped_publisher.hpp>
#include <iceoryx_posh/popo/untyped_subscriber.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>

namespace {

using Clock = std::chrono::steady_clock;

std::atomic<bool> ended{false};
std::atomic<bool> reads{true};
std::atomic<bool> dies{false};

class Words {
 public:
  Words(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string word = argv[i];
      const auto equals = word.find('=');
      words_[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  [[nodiscard]] std::string text(const std::string& key, const std::string& otherwise = {}) const {
    const auto found = words_.find(key);
    return found == words_.end() ? otherwise : found->second;
  }
  [[nodiscard]] std::uint64_t number(const std::string& key) const {
    return std::strtoull(text(key, "0").c_str(), nullptr, 10);
  }

 private:
  std::map<std::string, std::string> words_;
};

iox::capro::IdString_t id(const std::string& text) { return {iox::cxx::TruncateToCapacity, text.c_str()}; }

iox::capro::ServiceDescription service(const std::string& topic, const std::string& schema) {
  return {id(shunt::kOpenService), id(topic), id(schema)};
}

/// A FlatBuffer in a builder's memory, or bytes that are none.
class Payload {
 public:
  explicit Payload(const Words& words) : garbage_(words.number("payload"), '\xff') {}
  void make(std::uint64_t sequence) {
    builder_.Clear();
    builder_.Finish(market::CreateBar(builder_, sequence, 20001017, 100, 102, 99, 101, 5));
  }
  [[nodiscard]] const void* data() const {
    return garbage_.empty() ? builder_.GetBufferPointer() : static_cast<const void*>(garbage_.data());
  }
  [[nodiscard]] std::uint32_t size() const {
    return garbage_.empty() ? builder_.GetSize() : static_cast<std::uint32_t>(garbage_.size());
  }

 private:
  std::string garbage_;
  flatbuffers::FlatBufferBuilder builder_;
};

class Bars {
 public:
  explicit Bars(const Words& words)
      : publisher_(service("market.bars", words.text("bars"))),
        header_(words.text("header", "ours")),
        payload_(words),
        schema_(std::strtoull(words.text("bars").c_str(), nullptr, 16)) {}

  bool publish(std::uint64_t sequence) {
    payload_.make(sequence);
    const std::uint32_t header_bytes = header_ == "none" ? iox::CHUNK_NO_USER_HEADER_SIZE : sizeof(shunt::OpenHeader);
    const std::uint32_t header_alignment =
        header_ == "none" ? iox::CHUNK_NO_USER_HEADER_ALIGNMENT : alignof(shunt::OpenHeader);
    auto loan = publisher_.loan(payload_.size(), 8, header_bytes, header_alignment);
    if (loan.has_error()) return false;
    if (header_ != "none") {
      shunt::OpenHeader header;
      header.schema = header_ == "wrong" ? ~schema_ : schema_;
      header.sequence = sequence;
      std::memcpy(iox::mepoo::ChunkHeader::fromUserPayload(loan.value())->userHeader(), &header, sizeof(header));
    }
    std::memcpy(loan.value(), payload_.data(), payload_.size());
    publisher_.publish(loan.value());
    return true;
  }
  [[nodiscard]] bool has_readers() const { return publisher_.hasSubscribers(); }

 private:
  iox::popo::UntypedPublisher publisher_;
  std::string header_;
  Payload payload_;
  std::uint64_t schema_;
};

class Signals {
 public:
  explicit Signals(const Words& words)
      : subscriber_(service("market.signals", words.text("signals"))),
        schema_(std::strtoull(words.text("signals").c_str(), nullptr, 16)) {}

  bool read() {
    bool any = false;
    for (auto taken = subscriber_.take(); !taken.has_error(); taken = subscriber_.take()) {
      see(taken.value());
      subscriber_.release(taken.value());
      any = true;
    }
    return any;
  }
  [[nodiscard]] bool is_connected() const {
    return subscriber_.getSubscriptionState() == iox::SubscribeState::SUBSCRIBED;
  }
  [[nodiscard]] std::uint64_t answered() const { return answered_.size(); }
  void print(std::uint64_t sent) const {
    std::string minors;
    for (const auto minor : minors_) minors += (minors.empty() ? "" : ",") + std::to_string(minor);
    std::printf(
        "{\"sent\":%llu,\"connected\":%s,\"received\":%llu,\"missing\":%llu,\"bad\":%llu,\"twice\":%llu,"
        "\"answered\":%llu,\"starts\":%llu,\"first\":%llu,\"next\":%llu,\"minors\":[%s]}\n",
        static_cast<unsigned long long>(sent), is_connected() ? "true" : "false",
        static_cast<unsigned long long>(received_), static_cast<unsigned long long>(missing_),
        static_cast<unsigned long long>(bad_), static_cast<unsigned long long>(twice_),
        static_cast<unsigned long long>(answered_.size()), static_cast<unsigned long long>(next_.size()),
        static_cast<unsigned long long>(first_),
        static_cast<unsigned long long>(next_.empty() ? 0 : next_.rbegin()->second), minors.c_str());
    std::fflush(stdout);
  }

 private:
  void see(const void* payload) {
    ++received_;
    const auto& chunk = *iox::mepoo::ChunkHeader::fromUserPayload(payload);
    flatbuffers::Verifier verifier(static_cast<const std::uint8_t*>(payload), chunk.userPayloadSize());
    shunt::OpenHeader header{};
    if (chunk.userHeaderSize() == sizeof(header)) std::memcpy(&header, chunk.userHeader(), sizeof(header));
    if (header.magic != shunt::OpenHeader::kMagic || header.format != shunt::OpenHeader::kFormat ||
        header.schema != schema_ || header.sent_ns == 0 || !verifier.VerifyBuffer<market::Signal>()) {
      ++bad_;
      return;
    }
    const auto [next, is_first] = next_.try_emplace(header.bridge, header.sequence);
    if (is_first) first_ = header.sequence;
    missing_ += header.sequence - next->second;
    next->second = header.sequence + 1;
    const auto& signal = *flatbuffers::GetRoot<market::Signal>(payload);
    minors_.insert(signal.version());
    if (!answered_.insert(signal.sequence()).second) ++twice_;
  }

  iox::popo::UntypedSubscriber subscriber_;
  std::uint64_t schema_;
  std::map<std::uint64_t, std::uint64_t> next_;  // by start of the bridge
  std::set<std::uint64_t> answered_;             // bars
  std::set<unsigned> minors_;
  std::uint64_t first_ = 0;  // of the last start
  std::uint64_t received_ = 0, missing_ = 0, bad_ = 0, twice_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const Words words{argc, argv};
  reads = words.text("read", "yes") == "yes";
  std::signal(SIGTERM, [](int) { ended = true; });
  std::signal(SIGUSR1, [](int) { reads = true; });
  std::signal(SIGUSR2, [](int) { dies = true; });
  iox::log::LogManager::GetLogManager().SetDefaultLogLevel(iox::log::LogLevel::kOff,
                                                           iox::log::LogLevelOutput::kHideLogLevel);
  const std::string name = words.text("name");
  iox::runtime::PoshRuntime::initRuntime({iox::cxx::TruncateToCapacity, name.c_str()});
  Bars bars{words};
  Signals signals{words};
  const std::uint64_t count = words.number("publish");
  const std::chrono::microseconds every{words.number("every")};
  const std::uint64_t window = words.number("window");
  std::uint64_t sent = 0;
  Clock::time_point print_at{}, send_at{};
  iox::popo::PublisherPortData* const locked =
      words.text("dies") == "inside"
          ? iox::runtime::PoshRuntime::getInstance().getMiddlewarePublisher(service("market.bars", words.text("bars")))
          : nullptr;
  while (!ended) {
    if (dies && locked != nullptr) locked->m_chunkSenderData.lock();
    if (dies) std::raise(SIGKILL);
    const auto now = Clock::now();
    bool any = reads && signals.read();
    const bool may_send = window == 0 || sent - signals.answered() < window;
    if (sent < count && may_send && now >= send_at && bars.has_readers() && signals.is_connected() &&
        bars.publish(sent)) {
      ++sent;
      send_at = now + every;
      any = true;
    }
    if (now >= print_at) {
      signals.print(sent);
      print_at = now + std::chrono::milliseconds{20};
    }
    if (!any) std::this_thread::sleep_for(std::chrono::microseconds{100});
  }
  if (reads) signals.read();
  signals.print(sent);
}
