#include "carrier.hpp"

#include <shunt/bus/clock.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace shunt::bridges {
namespace {

using bus::Ring;

/// Messages one way before the other way has its turn: fewer than the world's queues take, where what we send comes
/// back to us.
constexpr int kBatch = 32;
constexpr std::int64_t kLookAgainNs = 100'000'000;
constexpr std::int64_t kReportAgainNs = 100'000'000;
/// Less is no FlatBuffer: a root and a table.
constexpr std::size_t kPayloadBytesMin = 8;

std::size_t place_of(const std::vector<std::uint32_t>& ids, std::uint32_t id) {
  return static_cast<std::size_t>(std::ranges::find(ids, id) - ids.begin());
}

/// Ours alone to write. Relaxed: a count for people, nothing hangs on it.
template <typename Number>
void count(std::atomic<Number>& counter) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

/// To compare what is said with what was said last.
std::string text_of(const control::BridgeReportT& report) {
  std::string text = report.state;
  for (const auto& each : report.topics)
    for (const std::uint64_t number : {each->sent, each->unconnected, each->no_memory, each->received, each->lost,
                                       each->refused, std::uint64_t{each->readers}, std::uint64_t{each->writers},
                                       each->wrong_schema, each->other_schema, each->invalid})
      text.append(" ").append(std::to_string(number));
  return text;
}

}  // namespace

Carrier::Carrier(bus::LaneEnd& lane, RouteIds routes, Report report, std::function<void()> comes_by)
    : lane_(lane),
      routes_(std::move(routes)),
      report_(std::move(report)),
      comes_by_(std::move(comes_by)),
      counters_(routes_.in.size()) {}

void Carrier::wake() noexcept {
  word_.fetch_add(1, std::memory_order_release);
  bus::detail::futex_wake(&word_, 1);
}

void Carrier::stop() noexcept {
  stopping_.store(true, std::memory_order_relaxed);  // the word after it is what run() reads first
  wake();
}

bool Carrier::run() {
  bool well = true;
  while (well) {
    const std::uint32_t seen = word_.load(std::memory_order_acquire);  // pairs with the release in wake()
    if (stopping_.load(std::memory_order_relaxed)) break;
    if (bus::now_ns() >= look_at_ns_) well = look() != Link::Lost;
    report_if_changed(!well);
    if (!well) break;
    const bool out = carry_out();
    const bool in = carry_in();
    well = lane_.breach() == bus::Breach::None;
    if (!out && !in && well) sleep(seen);
  }
  if (pending_ && link_ != Link::Lost) world_->release();
  report_if_changed(true);
  if (link_ != Link::Lost) world_.reset();  // else it would speak with who is gone
  return well;
}

Link Carrier::look() {
  if (comes_by_) comes_by_();
  link_ = world_->look();
  look_at_ns_ = bus::now_ns() + kLookAgainNs;
  return link_;
}

bool Carrier::carry_out() {
  int carried = 0;
  // A bridge asks for nothing: what comes by the ring of replies is urgent, and goes before each of the others.
  while (carried < kBatch && (carry_out(Ring::Reply) || carry_out(Ring::Data))) ++carried;
  return carried > 0;
}

/// One message; false: there is none.
bool Carrier::carry_out(Ring ring) {
  const bus::Incoming* const incoming = lane_.receiver.next(ring);
  if (incoming == nullptr) return false;
  lane_.receiver.mark_begun(ring);
  if (incoming->header.kind == bus::Kind::Publication) send_out(*incoming);
  count(lane_.mine().statistics.handled);
  lane_.receiver.mark_done(ring);
  lane_.receiver.free(ring);
  const bus::MessageHeader& header = incoming->header;
  if (header.place == bus::Place::Chunk) lane_.receiver.give_back(header.chunk, header.generation);
  return true;
}

void Carrier::send_out(const bus::Incoming& incoming) {
  const std::size_t topic = place_of(routes_.in, incoming.header.route);
  if (topic == counters_.size()) return;
  control::OpenCountersT& counters = counters_[topic];
  if (link_ != Link::Connected) return static_cast<void>(++counters.unconnected);
  const auto has = [&](std::uint8_t flag) { return (incoming.header.flags & flag) != 0; };
  const Outgoing message{.payload = incoming.payload,
                         .key = bus::key_of(incoming.header),
                         .redelivered = has(bus::flag::kRedelivered),
                         .latched = has(bus::flag::kLatched),
                         .urgent = has(bus::flag::kUrgent)};
  if (world_->send(topic, message) == Sent::NoMemory) {
    ++counters.no_memory;
    return;
  }
  ++counters.sent;
  counters.sent_bytes += incoming.payload.size();
}

bool Carrier::carry_in() {
  if (link_ != Link::Connected) return false;
  int carried = 0;
  for (; carried < kBatch; ++carried) {
    if (!pending_) pending_ = world_->receive();
    if (!pending_ || !take_in(*pending_)) break;
    world_->release();
    pending_.reset();
  }
  if (carried > 0) lane_.sender.wake();
  return carried > 0;
}

/// False: there is no room for it now.
bool Carrier::take_in(const Received& received) {
  control::OpenCountersT& counters = counters_[received.topic];
  const std::size_t bytes = received.payload.size();
  bus::MessageHeader header;
  header.route = routes_.out[received.topic];
  header.kind = bus::Kind::Publication;
  header.payload_bytes = static_cast<std::uint32_t>(bytes);
  header.flags = received.urgent ? bus::flag::kUrgent : std::uint8_t{0};
  bus::set_key(header, received.key);
  const Ring ring = received.urgent ? Ring::Reply : Ring::Data;
  const bool is_inline = bytes <= bus::kInlineBytesMax;
  if (bytes < kPayloadBytesMin || (!is_inline && !lane_.pool()->geometry().class_for(bytes)))
    return ++counters.refused, true;
  if (!lane_.sender.has_room(ring)) return false;
  std::span<const std::byte> inline_payload;
  std::optional<bus::LoanedChunk> chunk;
  if (is_inline) {
    inline_payload = received.payload;
    header.place = bus::Place::Inline;
  } else {
    chunk = lane_.pool()->loan(bytes);
    if (!chunk) harvest(), chunk = lane_.pool()->loan(bytes);
    if (!chunk) return false;
    std::memcpy(chunk->data, received.payload.data(), bytes);
    header.place = bus::Place::Chunk;
    header.chunk = chunk->chunk;
    header.generation = chunk->generation;
  }
  lane_.sender.push(ring, header, inline_payload);
  ++counters.received;
  counters.received_bytes += bytes;
  return true;
}

void Carrier::harvest() noexcept {
  lane_.sender.harvest([this](bus::ChunkId chunk) { lane_.pool()->release(chunk); });
}

/// What found no room towards the host is tried again soon: nobody rings when there is some.
void Carrier::sleep(std::uint32_t seen) noexcept {
  constexpr std::chrono::milliseconds kRetry{1};
  const bus::Bell bell = lane_.bell();
  const std::chrono::nanoseconds most = pending_ ? kRetry : bus::kSleepMax;
  bus::sleep_until_any_rung({&bell, 1}, word_, seen, most, [this] {
    return lane_.receiver.has_message(Ring::Data) || lane_.receiver.has_message(Ring::Reply);
  });
}

void Carrier::report_if_changed(bool now) {
  if (!now && bus::now_ns() < report_at_ns_) return;
  report_at_ns_ = bus::now_ns() + kReportAgainNs;
  control::BridgeReportT report;
  report.state = world_->state();
  for (std::size_t topic = 0; topic < counters_.size(); ++topic) {
    report.topics.push_back(std::make_unique<control::OpenCountersT>(counters_[topic]));
    world_->count(topic, *report.topics.back());
  }
  auto text = text_of(report);
  if (std::exchange(reported_, text) != text) report_(std::move(report));
}

}  // namespace shunt::bridges
