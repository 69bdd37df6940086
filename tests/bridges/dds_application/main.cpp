/// An ordinary application of Cyclone DDS: publishes bars on an open topic, and reads the signals that come of them on
/// another.
///
///     dds_application domain=7 interface=lo bars=SCHEMA signals=SCHEMA publish=COUNT every=MICROSECONDS
///
/// It publishes nothing before SIGUSR2; with batch=COUNT no more than that for each SIGUSR2. window=COUNT lets no more
/// bars be without their signal than that; schema=wrong sends bars that say so of themselves;
/// payload=BYTES sends so many that are no FlatBuffer, padding=BYTES so many behind each; keys=COUNT gives bars that
/// many keys in turn; origin=yes says that they are numbered, origin=theirs that they are of whose signal came last.
/// reliability=best_effort, history=COUNT and latched=COUNT are settings of both topics; read=no takes nothing before
/// SIGUSR1; for lease=SECONDS it is taken to be alive without a word of it. It prints what it has seen, as JSON lines,
/// until SIGTERM.

#include "open_message.h"

#include <shunt/schemas/market_generated.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include <dds/dds.h>

namespace {

using Clock = std::chrono::steady_clock;

std::atomic<bool> ended{false};
std::atomic<bool> reads{true};
std::atomic<std::uint64_t> batches{0};  // that were asked for

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
  [[nodiscard]] std::uint64_t number(const std::string& key, const std::string& otherwise = "0") const {
    return std::strtoull(text(key, otherwise).c_str(), nullptr, 10);
  }
  [[nodiscard]] std::uint64_t schema(const std::string& key) const {
    return std::strtoull(text(key).c_str(), nullptr, 16);
  }

 private:
  std::map<std::string, std::string> words_;
};

[[noreturn]] void fail(const char* what, dds_return_t code) {
  std::fprintf(stderr, "%s: %s\n", what, dds_strretcode(code));
  std::exit(1);
}

dds_entity_t made(const char* what, dds_entity_t entity) {
  if (entity <= 0) fail(what, entity);
  return entity;
}

using Qos = std::unique_ptr<dds_qos_t, void (*)(dds_qos_t*)>;

Qos qos_of(const Words& words) {
  const auto history = static_cast<std::int32_t>(words.number("history", "10000"));
  const auto latched = static_cast<std::int32_t>(words.number("latched"));
  Qos made{dds_create_qos(), dds_delete_qos};
  dds_qos_t* const qos = made.get();
  const bool reliable = words.text("reliability", "reliable") == "reliable";
  dds_qset_reliability(qos, reliable ? DDS_RELIABILITY_RELIABLE : DDS_RELIABILITY_BEST_EFFORT, DDS_SECS(10));
  dds_qset_history(qos, DDS_HISTORY_KEEP_LAST, history);
  dds_qset_durability(qos, latched > 0 ? DDS_DURABILITY_TRANSIENT_LOCAL : DDS_DURABILITY_VOLATILE);
  if (latched > 0)
    dds_qset_durability_service(qos, 0, DDS_HISTORY_KEEP_LAST, latched, DDS_LENGTH_UNLIMITED, DDS_LENGTH_UNLIMITED,
                                DDS_LENGTH_UNLIMITED);
  return made;
}

dds_entity_t topic_of(dds_entity_t participant, const char* name) {
  return made(name, dds_create_topic(participant, &shunt_open_Message_desc, name, nullptr, nullptr));
}

class Bars {
 public:
  Bars(dds_entity_t participant, const Words& words)
      : schema_(words.schema("bars")),
        keys_(words.number("keys")),
        padding_(words.number("padding")),
        garbage_(words.number("payload"), '\xff'),
        writer_(made("a writer", dds_create_writer(participant, topic_of(participant, "shunt/market/bars"),
                                                   qos_of(words).get(), nullptr))) {
    if (words.text("schema") == "wrong") schema_ = ~schema_;
    if (words.text("origin") == "yes") origin_ = std::string(sizeof(shunt_open_Origin), '\1');
    claims_theirs_ = words.text("origin") == "theirs";
  }

  /// False: it has not, or may not yet.
  bool publish(std::uint64_t sequence, const std::string& their_origin) {
    if (claims_theirs_) origin_ = their_origin;
    if (claims_theirs_ && origin_.empty()) return false;
    builder_.Clear();
    builder_.Finish(market::CreateBar(builder_, sequence, 20001017, 100, 102, 99, 101, 5));
    shunt_open_Message message{};
    message.schema = schema_;
    std::memcpy(message.origin, origin_.data(), origin_.size());
    message.number = sequence;
    message.key = message.instance = keys_ == 0 ? 0 : 1 + sequence % keys_;
    if (padding_ > 0) {
      garbage_.assign(reinterpret_cast<const char*>(builder_.GetBufferPointer()), builder_.GetSize());
      garbage_.resize(garbage_.size() + padding_);
    }
    auto* const data =
        garbage_.empty() ? builder_.GetBufferPointer() : reinterpret_cast<std::uint8_t*>(garbage_.data());
    const std::uint32_t bytes = garbage_.empty() ? builder_.GetSize() : static_cast<std::uint32_t>(garbage_.size());
    message.payload = {bytes, bytes, data, false};
    return dds_write(writer_, &message) == DDS_RETCODE_OK;
  }
  [[nodiscard]] std::uint32_t readers() const {
    dds_publication_matched_status_t status{};
    dds_get_publication_matched_status(writer_, &status);
    return status.current_count;
  }

 private:
  std::uint64_t schema_;
  std::uint64_t keys_;
  std::uint64_t padding_;
  std::string origin_;
  bool claims_theirs_ = false;
  std::string garbage_;
  flatbuffers::FlatBufferBuilder builder_;
  dds_entity_t writer_;
};

class Signals {
 public:
  Signals(dds_entity_t participant, const Words& words)
      : schema_(words.schema("signals")),
        reader_(made("a reader", dds_create_reader(participant, topic_of(participant, "shunt/market/signals"),
                                                   qos_of(words).get(), nullptr))) {}

  bool read() {
    bool any = false;
    void* sample = nullptr;
    dds_sample_info_t about{};
    while (dds_take(reader_, &sample, &about, 1, 1) == 1) {
      if (about.valid_data) see(*static_cast<const shunt_open_Message*>(sample));
      dds_return_loan(reader_, &sample, 1);
      sample = nullptr;
      any = true;
    }
    return any;
  }
  [[nodiscard]] std::uint32_t writers() const {
    dds_subscription_matched_status_t status{};
    dds_get_subscription_matched_status(reader_, &status);
    return status.current_count;
  }
  [[nodiscard]] std::uint64_t answered() const { return answered_.size(); }
  /// Of the last that came.
  [[nodiscard]] const std::string& origin() const { return origin_; }
  void print(std::uint64_t sent, std::uint32_t readers) const {
    std::string minors, keys;
    for (const auto minor : minors_) minors += (minors.empty() ? "" : ",") + std::to_string(minor);
    for (const auto key : keys_) keys += (keys.empty() ? "" : ",") + std::to_string(key);
    std::uint64_t missing = 0;
    for (const auto& [sender, numbers] : numbers_) missing += *numbers.rbegin() - *numbers.begin() + 1 - numbers.size();
    const auto wide = [](std::uint64_t number) { return static_cast<unsigned long long>(number); };
    std::printf(
        "{\"sent\":%llu,\"readers\":%u,\"writers\":%u,\"received\":%llu,\"missing\":%llu,\"bad\":%llu,\"twice\":%llu,"
        "\"answered\":%llu,\"first\":%llu,\"starts\":%zu,\"latched\":%llu,\"urgent\":%llu,\"minors\":[%s],\"keys\":[%s]"
        "}\n",
        wide(sent), readers, writers(), wide(received_), wide(missing), wide(bad_), wide(twice_),
        wide(answered_.size()), wide(answered_.empty() ? 0 : *answered_.begin()), numbers_.size(), wide(latched_),
        wide(urgent_), minors.c_str(), keys.c_str());
    std::fflush(stdout);
  }

 private:
  void see(const shunt_open_Message& message) {
    ++received_;
    flatbuffers::Verifier verifier(message.payload._buffer, message.payload._length);
    if (message.schema != schema_ || message.sent_ns == 0 || !verifier.VerifyBuffer<market::Signal>()) {
      ++bad_;
      return;
    }
    latched_ += (message.flags & shunt_open_LATCHED) != 0 ? 1 : 0;
    urgent_ += (message.flags & shunt_open_URGENT) != 0 ? 1 : 0;
    keys_.insert(message.instance);
    origin_.assign(reinterpret_cast<const char*>(message.origin), sizeof(message.origin));
    numbers_[{origin_, message.start}].insert(message.number);
    const auto& signal = *flatbuffers::GetRoot<market::Signal>(message.payload._buffer);
    minors_.insert(signal.version());
    if (!answered_.insert(signal.sequence()).second) ++twice_;
  }

  std::uint64_t schema_;
  std::string origin_;
  dds_entity_t reader_;
  std::map<std::pair<std::string, std::uint64_t>, std::set<std::uint64_t>> numbers_;  // by start of a host's bridge
  std::set<std::uint64_t> answered_;                                                  // bars
  std::set<std::uint64_t> keys_;                                                      // of instances
  std::set<unsigned> minors_;
  std::uint64_t received_ = 0, bad_ = 0, twice_ = 0, latched_ = 0, urgent_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const Words words{argc, argv};
  reads = words.text("read", "yes") == "yes";
  std::signal(SIGTERM, [](int) { ended = true; });
  std::signal(SIGUSR1, [](int) { reads = true; });
  std::signal(SIGUSR2, [](int) { ++batches; });
  const auto domain = static_cast<dds_domainid_t>(words.number("domain"));
  const std::string configuration = "<CycloneDDS><Domain id=\"any\"><General><Interfaces><NetworkInterface name=\"" +
                                    words.text("interface", "lo") +
                                    "\"/></Interfaces></General><Discovery><LeaseDuration>" + words.text("lease", "1") +
                                    "s</LeaseDuration></Discovery></Domain></CycloneDDS>";
  made("the domain", dds_create_domain(domain, configuration.c_str()));
  const dds_entity_t participant = made("a participant", dds_create_participant(domain, nullptr, nullptr));
  Bars bars{participant, words};
  Signals signals{participant, words};
  const std::uint64_t count = words.number("publish");
  const std::uint64_t batch = words.number("batch", words.text("publish"));
  const std::uint64_t window = words.number("window");
  const std::chrono::microseconds every{words.number("every")};
  std::uint64_t sent = 0;
  Clock::time_point print_at{}, send_at{};
  while (!ended) {
    const auto now = Clock::now();
    bool any = reads && signals.read();
    const bool may_send = window == 0 || sent - signals.answered() < window;
    if (sent < std::min(count, batches * batch) && may_send && now >= send_at && bars.publish(sent, signals.origin())) {
      ++sent;
      send_at = now + every;
      any = true;
    }
    if (now >= print_at) {
      signals.print(sent, bars.readers());
      print_at = now + std::chrono::milliseconds{20};
    }
    if (!any) std::this_thread::sleep_for(std::chrono::microseconds{100});
  }
  if (reads) signals.read();
  signals.print(sent, bars.readers());
  dds_delete(DDS_CYCLONEDDS_HANDLE);
}
