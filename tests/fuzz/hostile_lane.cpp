#include "hostile_lane.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace shunt::bus::test {
namespace {

constexpr std::uint32_t kSlots = 16;
constexpr std::array kClasses{SizeClass{64, 4}, SizeClass{1024, 2}};

template <typename T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "hostile lane: %s\n", to_string(result.error()).c_str());
    std::abort();
  }
  return std::move(*result);
}

void must_hold(bool condition, const char* sentence) {
  if (condition) return;
  std::fprintf(stderr, "hostile lane: it does not hold that %s\n", sentence);
  std::abort();
}

/// The plugin keeps to the rules most of the time: lanes that end at once would never be driven far.
bool misbehaves(Bytes& bytes) { return bytes.take<std::uint8_t>() < 10; }

ChunkId some_chunk(Bytes& bytes) { return ChunkId::of(bytes.take<std::uint8_t>() % 3, bytes.take<std::uint8_t>() % 5); }

/// The chunks of kClasses in turn, so that the one that was sent longest ago comes next.
ChunkId next_chunk(std::uint64_t turn) {
  const auto place = static_cast<std::uint32_t>(turn % 6);
  return place < 4 ? ChunkId::of(0, place) : ChunkId::of(1, place - 4);
}

}  // namespace

// --- the plugin
// -------------------------------------------------------------------------------------------------------

HostileWriter::HostileWriter(const LaneShape& shape, const LaneMemory& memory)
    : shape_(shape),
      side_(must(Mapping::map(memory.plugin_side.get(), shape.plugin_side.bytes(), Access::ReadWrite))),
      pool_(must(Mapping::map(memory.outbound.get(), shape.outbound.bytes(), Access::ReadWrite))),
      view_(SideView::of(side_.data(), shape.plugin_side)) {}

void HostileWriter::act(Bytes& bytes) {
  const auto what = bytes.take<std::uint8_t>();
  if (what < 110) write_slot(bytes, !misbehaves(bytes));
  else if (what < 180) write_return(bytes, !misbehaves(bytes));
  else if (what < 240) write_positions(bytes, !misbehaves(bytes));
  else if (what < 250) write_where_nobody_reads(bytes);
  else if (what < 255) write_noise(bytes);
  else if (misbehaves(bytes)) write_everything(bytes);
}

/// Whole words and atomic, because the host may be reading them: the race is the point, and is none to the compiler.
void HostileWriter::store(std::size_t offset, std::uint64_t word) {
  __atomic_store_n(reinterpret_cast<std::uint64_t*>(side_.data() + offset % side_.size() / 8 * 8), word,
                   __ATOMIC_RELAXED);
}

void HostileWriter::write_slot(Bytes& bytes, bool honest) {
  const auto ring = static_cast<Ring>(bytes.take<std::uint8_t>() % kRings);
  const auto index = static_cast<std::size_t>(ring);
  if (honest && sent_[index] - read_by_host_[index].load(std::memory_order_acquire) >= kSlots) return;
  MessageHeader header;
  header.kind = Kind::Publication;
  header.place = static_cast<Place>(bytes.take<std::uint8_t>() % 3);
  if (header.place == Place::Inline)
    header.payload_bytes = bytes.take<std::uint8_t>() % std::uint32_t{kInlineBytesMax + 1};
  if (header.place == Place::Chunk) {
    header.chunk = next_chunk(chunks_sent_++);
    header.generation = 1 + bytes.take<std::uint8_t>();
    header.payload_offset = bytes.take<std::uint8_t>() % 4 * 8;
    header.payload_bytes = bytes.take<std::uint8_t>() % 40;
  }
  auto words = std::bit_cast<std::array<std::uint64_t, sizeof(MessageHeader) / 8>>(header);
  if (!honest) {
    const auto how = bytes.take<std::uint8_t>();
    if (how < 40) header.place = static_cast<Place>(bytes.take<std::uint8_t>());
    else if (how < 80) header.chunk = some_chunk(bytes);
    else if (how < 120) header.payload_bytes = bytes.take<std::uint32_t>();
    else if (how < 160) header.payload_offset = bytes.take<std::uint32_t>();
    words = std::bit_cast<decltype(words)>(header);
    if (how >= 160)
      for (std::uint64_t& word : words) word = bytes.take<std::uint64_t>();
  }
  const std::uint64_t position = sent_[index]++;
  const std::size_t slot = shape_.plugin_side.ring_offset(ring) + position % kSlots * kSlotBytes;
  for (std::size_t i = 0; i < words.size(); ++i) store(slot + 8 + 8 * i, words[i]);
  view_.rings[index][position % kSlots].commit.store(position + 1, std::memory_order_release);
}

void HostileWriter::write_return(Bytes& bytes, bool honest) {
  const auto slots = shape_.plugin_side.return_slots;
  auto tag = return_tag(returned_, static_cast<unsigned>(__builtin_ctz(slots)));
  // What it truly was sent, of late, if it was not returned yet.
  std::uint64_t word = hints_[bytes.take<std::uint8_t>() % hints_.size()].exchange(0, std::memory_order_relaxed);
  word = (word & 0xffffffff00000000) | (word & 0xffffff) << 8;
  if (honest && word == 0) return;
  if (!honest) {
    const auto how = bytes.take<std::uint8_t>();
    if (how < 100)
      word = std::uint64_t{bytes.take<std::uint8_t>()} << 32 | std::uint64_t{some_chunk(bytes).packed} << 8;
    else if (how < 180) word = bytes.take<std::uint64_t>() & ~0xffull;
    else tag = bytes.take<std::uint8_t>();
  }
  store(kReturnRingOffset + returned_++ % slots * 8, word | tag);
}

void HostileWriter::write_positions(Bytes& bytes, bool honest) {
  const std::size_t ring = bytes.take<std::uint8_t>() % kRings;
  const std::size_t base = offsetof(Side, positions);
  if (!honest) {
    const std::size_t which = base + 8 * (bytes.take<std::uint8_t>() % 6);
    const auto how = bytes.take<std::uint8_t>();
    const auto value = read_[ring] + how % 8 - 4;  // a little ahead or back
    return store(which, how < 200 ? value : bytes.take<std::uint64_t>());
  }
  read_[ring] =
      std::min(read_[ring] + bytes.take<std::uint8_t>() % 4, sent_by_host_[ring].load(std::memory_order_acquire));
  for (const std::size_t word : {2 + ring, 4 + ring, ring}) store(base + 8 * word, read_[ring]);  // begun, done, read
}

void HostileWriter::write_where_nobody_reads(Bytes& bytes) {
  const auto where = bytes.take<std::uint16_t>();
  if (where % 2 == 0) std::memset(pool_.data() + where % (pool_.size() - 256), bytes.take<std::uint8_t>(), 256);
  else store(offsetof(Side, doorbell), bytes.take<std::uint64_t>());
}

void HostileWriter::write_noise(Bytes& bytes) {
  const auto offset = bytes.take<std::uint16_t>();
  for (auto words = bytes.take<std::uint8_t>() % 8; words >= 0; --words)
    store(offset + static_cast<std::size_t>(words) * 8, bytes.take<std::uint64_t>());
}

void HostileWriter::write_everything(Bytes& bytes) {
  std::uint64_t state = bytes.take<std::uint64_t>() | 1;
  const auto next = [&] {  // xorshift: the bytes of an input are too few for all that there is
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  };
  for (std::size_t offset = 0; offset < side_.size(); offset += 8) store(offset, next());
  for (std::size_t offset = 0; offset + 8 <= pool_.size(); offset += 8) {
    const std::uint64_t word = next();
    std::memcpy(pool_.data() + offset, &word, sizeof word);
  }
}

// --- the host
// ---------------------------------------------------------------------------------------------------------

HostileLane::HostileLane() : inbound_geometry_(must(PoolGeometry::of(kClasses))) {
  const auto memory = must(create_memory("fuzz: inbound pool", inbound_geometry_.bytes()));
  inbound_memory_ = must(Mapping::map(memory.get(), inbound_geometry_.bytes(), Access::ReadWrite));
  inbound_ = std::make_unique<ChunkPool>(must(ChunkPool::create(inbound_geometry_, inbound_memory_.data())));
  shape_ = must(LaneShape::of(kSlots, kClasses, kClasses));
  open();
}

HostileLane::~HostileLane() { end(); }

void HostileLane::open() {
  LaneMemory memory;
  host_ = must(LaneEnd::open_host(shape_, memory, {3, 1}, {}));
  writer_ = std::make_shared<HostileWriter>(shape_, memory);
  read_seen_ = {};
  marks_seen_ = {};
  ++lanes_;
}

void HostileLane::end() {
  received_.clear();
  host_->sender.reclaim([&](ChunkId chunk) {
    must_hold(sent_chunks_.erase(chunk.packed) == 1, "a chunk is reclaimed once, and only when it was sent");
    inbound_->release(chunk);
  });
  must_hold(sent_chunks_.empty(), "every chunk that was sent is returned or reclaimed");
  must_hold(inbound_->used_chunks() == 0, "an ended lane leaves no chunk in use");
}

Breach HostileLane::poll() {
  ++turn_;
  look_at_positions();
  harvest();
  for (const Ring ring : {Ring::Reply, Ring::Data}) receive(ring);
  give_back_some();
  send();
  host_->sender.wake();
  const Breach breach = host_->breach();
  if (breach == Breach::None) return breach;
  must_hold(breach < Breach::Kind, "the bus judges only what is its own to judge");
  ++breaches_[breach];
  end();
  open();
  return breach;
}

void HostileLane::send() {
  const auto ring = static_cast<Ring>(turn_ % kRings);
  if (!host_->sender.has_room(ring)) return;
  MessageHeader header;
  header.kind = Kind::Publication;
  header.correlation = turn_;
  const std::size_t bytes = turn_ % 5 == 0 ? 500 : 32;
  header.payload_bytes = static_cast<std::uint32_t>(bytes);
  if (turn_ % 2 == 0 && bytes < kInlineBytesMax) {
    header.place = Place::Inline;
    const std::array<std::byte, 32> payload{};
    host_->sender.push(ring, header, payload);
    return writer_->told_sent(ring, host_->sender.ring_out(ring).sent());
  }
  const auto loan = inbound_->loan(bytes);
  if (!loan) return;
  if (!host_->sender.under_cap(loan->chunk)) return inbound_->release(loan->chunk);
  header.place = Place::Chunk;
  header.chunk = loan->chunk;
  header.generation = loan->generation;
  must_hold(sent_chunks_.emplace(loan->chunk.packed, loan->generation).second, "a chunk in a lane is not loaned again");
  host_->sender.push(ring, header, {});
  writer_->hint(turn_, {loan->chunk, loan->generation});
  writer_->told_sent(ring, host_->sender.ring_out(ring).sent());
}

void HostileLane::look_at_positions() {
  for (const Ring ring : {Ring::Data, Ring::Reply}) {
    const auto index = static_cast<std::size_t>(ring);
    RingWriter& out = host_->sender.ring_out(ring);
    out.refresh();
    must_hold(out.read_seen() >= read_seen_[index], "a read position never goes back");
    must_hold(out.sent() - out.read_seen() <= kSlots, "no more than a ring's depth is on its way");
    must_hold(out.known_room() <= kSlots, "a ring has no more room than slots");
    read_seen_[index] = out.read_seen();
    const auto marks = host_->sender.marks(ring);
    must_hold(marks.done <= marks.begun && marks.begun <= out.sent(),
              "marks are in order and not beyond what was sent");
    must_hold(marks.begun >= marks_seen_[index].begun && marks.done >= marks_seen_[index].done, "marks never go back");
    marks_seen_[index] = marks;
  }
}

void HostileLane::harvest() {
  host_->sender.harvest([&](ChunkId chunk) {
    must_hold(sent_chunks_.erase(chunk.packed) == 1, "a chunk that comes back was sent, and comes back once");
    inbound_->release(chunk);
    ++harvested_;
  });
  must_hold(host_->sender.held() == sent_chunks_.size(), "the lane holds what was sent and not returned");
}

void HostileLane::receive(Ring ring) {
  for (std::uint32_t taken = 0; taken < kSlots; ++taken) {
    const auto message = host_->receiver.next(ring);
    if (!message) break;
    must_hold(message->header.place <= Place::Chunk, "a payload has a place");
    check_incoming(*message);
    ++accepted_;
    host_->receiver.mark_begun(ring);
    host_->receiver.mark_done(ring);
  }
  host_->receiver.free(ring);
  writer_->told_read(ring, host_->receiver.position(ring));
}

void HostileLane::check_incoming(const Incoming& message) {
  const MessageHeader& header = message.header;
  must_hold(message.payload.size() == header.payload_bytes, "a payload is as long as its header says");
  if (header.place == Place::None) return must_hold(message.payload.empty(), "no place, no payload");
  if (header.place == Place::Inline) {
    must_hold(message.payload.size() <= kInlineBytesMax, "an inline payload fits its slot");
  } else {
    must_hold(shape_.outbound.contains(header.chunk), "a payload's chunk is one of the pool");
    must_hold(header.payload_offset + message.payload.size() <= shape_.outbound.capacity(header.chunk),
              "a payload ends within its chunk");
    must_hold(reinterpret_cast<std::uintptr_t>(message.payload.data()) % 8 == 0, "a payload is aligned");
    must_hold(std::ranges::none_of(received_, [&](const Received& held) { return held.chunk == header.chunk; }),
              "a chunk that is held does not come a second time");
    received_.push_back({header.chunk, header.generation});
  }
  for (const std::byte byte : message.payload) checksum_ += static_cast<std::uint8_t>(byte);  // asan sees each read
}

void HostileLane::give_back_some() {
  while (received_.size() > turn_ % 4) {
    const auto which = received_.begin() + static_cast<std::ptrdiff_t>(turn_ % received_.size());
    host_->receiver.give_back(which->chunk, which->generation);
    received_.erase(which);
  }
}

void poll_hostile_plugin(std::span<const std::uint8_t> input) {
  HostileLane lane;
  Bytes bytes{input};
  while (!bytes.empty()) {
    for (auto acts = bytes.take<std::uint8_t>() % 4; acts >= 0; --acts) lane.writer()->act(bytes);
    lane.poll();
  }
  lane.poll();
}

}  // namespace shunt::bus::test
