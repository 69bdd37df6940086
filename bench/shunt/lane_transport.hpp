#pragma once
/// The subject `lane`: the bus alone, without host, routes or FlatBuffers. What a message costs to move, checks
/// included.

#include <shunt/bench/setup.hpp>
#include <shunt/bench/waiting.hpp>
#include <shunt/bus/lane.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace shunt::bench {

/// One lane per consumer. Inline payloads travel in the slot; chunks are loaned once, built once and pushed to every
/// lane.
class LaneTransport {
 public:
  static Status supports(const Setup& setup);
  static Result<std::unique_ptr<LaneTransport>> create(const Setup& setup, const Waiting& waiting);

  Status attach_client();
  Status attach_consumer(unsigned consumer);

  template <typename Fill>
  bool send(Fill fill) {
    return setup_.payload == Payload::Inline ? send_inline(fill) : send_chunk(fill);
  }
  template <typename Check>
  bool receive(Check check);

 private:
  static constexpr std::uint32_t kHarvestAt = 16;  // chunks out: enough of them share a line of the return ring

  LaneTransport(const Setup& setup, const Waiting& waiting) : setup_(setup), waiting_(waiting) {}

  template <typename Fill>
  bool send_inline(Fill fill);
  template <typename Fill>
  bool send_chunk(Fill fill);
  void push(const bus::MessageHeader& header, std::span<const std::byte> payload);
  bool harvest(std::uint32_t held_min);
  bool await_chunk(std::uint32_t size_class);
  void await_message(bus::LaneEnd& end);

  Setup setup_;
  Waiting waiting_;
  bus::LaneShape shape_;
  bus::UniqueFd inbound_;
  bus::Mapping inbound_mapping_;
  std::vector<bus::LaneMemory> memories_;
  std::vector<std::unique_ptr<bus::LaneEnd>> ends_;  // of this process: one per consumer, or the consumer's only one
  std::unique_ptr<bus::ChunkPool> client_pool_;
  bus::ChunkPool* pool_ = nullptr;  // what this process builds in
  std::uint64_t sent_ = 0;
};

inline void LaneTransport::push(const bus::MessageHeader& header, std::span<const std::byte> payload) {
  for (const auto& end : ends_) {
    Spinner spinner{waiting_};
    while (!end->sender.has_room(bus::Ring::Data)) spinner.spin();
    end->sender.push(bus::Ring::Data, header, payload);
    if (header.place == bus::Place::Chunk) pool_->hold(header.chunk);
    end->sender.wake();
  }
}

inline void LaneTransport::await_message(bus::LaneEnd& end) {
  Spinner spinner{waiting_};
  for (unsigned spins = 1; !end.receiver.has_message(bus::Ring::Data); ++spins) {
    if (spins % 1024 == 0 && end.breach() != bus::Breach::None) return;
    if (spinner.spin()) continue;
    bus::sleep_until_rung(*end.bell().mine, *end.bell().peer, bus::kSleepMax,
                          [&] { return end.receiver.has_message(bus::Ring::Data); });
  }
}

template <typename Fill>
bool LaneTransport::send_inline(Fill fill) {
  alignas(8) std::byte payload[bus::kInlineBytesMax];
  fill(payload);
  bus::MessageHeader header;
  header.kind = bus::Kind::Publication;
  header.place = bus::Place::Inline;
  header.correlation = ++sent_;
  header.payload_bytes = static_cast<std::uint32_t>(setup_.bytes);
  push(header, {payload, setup_.bytes});
  return true;
}

template <typename Fill>
bool LaneTransport::send_chunk(Fill fill) {
  if (!await_chunk(*pool_->geometry().class_for(setup_.bytes))) return false;
  const auto chunk = pool_->loan(setup_.bytes);
  fill(chunk->data);
  bus::MessageHeader header;
  header.kind = bus::Kind::Publication;
  header.place = bus::Place::Chunk;
  header.correlation = ++sent_;
  header.payload_bytes = static_cast<std::uint32_t>(setup_.bytes);
  header.chunk = chunk->chunk;
  header.generation = chunk->generation;
  push(header, {});
  pool_->release(chunk->chunk);
  const bool whole = harvest(kHarvestAt);
  pool_->prepare(chunk->chunk.size_class(), 0, setup_.bytes);
  return whole;
}

template <typename Check>
bool LaneTransport::receive(Check check) {
  bus::LaneEnd& end = *ends_.front();
  await_message(end);
  const bus::Incoming* const incoming = end.receiver.next(bus::Ring::Data);
  if (incoming == nullptr) return false;  // a breach
  end.receiver.mark_begun(bus::Ring::Data);
  check(incoming->payload.data());
  end.receiver.mark_done(bus::Ring::Data);
  if (incoming->header.place == bus::Place::Chunk)
    end.receiver.give_back(incoming->header.chunk, incoming->header.generation);
  end.receiver.free(bus::Ring::Data);
  return true;
}

}  // namespace shunt::bench
