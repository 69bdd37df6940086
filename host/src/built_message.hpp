#pragma once
/// From what a builder made to a message that can be sent, and what became of it.

#include "hub.hpp"

namespace shunt::host {

/// Header and inline payload for what was built; the payload travels inside the message when it is not in a chunk.
inline Message message_for(const RouteInfo& route, bus::Kind kind, const bus::Built& built) {
  Message message{};
  message.header.route = route.id.value;
  message.header.kind = kind;
  message.header.payload_bytes = static_cast<std::uint32_t>(built.bytes);
  const bool fits = built.bytes <= bus::kInlineBytesMax;
  if (built.sample.handle == 0 || (fits && route.settings.payload != PayloadPlace::Chunk)) {
    message.header.place = bus::Place::Inline;
    message.content = {reinterpret_cast<const std::byte*>(built.sample.data + built.offset), built.bytes};
  } else {
    message.header.place = bus::Place::Chunk;
    message.header.chunk = {static_cast<std::uint32_t>(built.sample.handle)};
    message.header.generation = static_cast<std::uint32_t>(built.sample.handle >> 32);
    message.header.payload_offset = static_cast<std::uint32_t>(built.offset);
  }
  return message;
}

/// Of a message whose chunk, if it has one, is of `pool`.
inline std::span<const std::byte> payload_of(const Message& message, const InboundPool* pool) {
  if (message.header.place != bus::Place::Chunk) return message.content.first(message.header.payload_bytes);
  return {pool->payload(message.header.chunk) + message.header.payload_offset, message.header.payload_bytes};
}

inline void count(Delivered delivered, Sent& sent) {
  switch (delivered) {
    case Delivered::InRing: ++sent.in_ring; break;
    case Delivered::InBacklog: ++sent.in_backlog; break;
    case Delivered::DroppedOldest: ++sent.in_backlog, ++sent.dropped; break;
    case Delivered::DroppedNewest: ++sent.dropped; break;
    case Delivered::Conflated: ++sent.in_backlog, ++sent.conflated; break;
    case Delivered::Refused:
    case Delivered::OverQuota:
    case Delivered::Unwanted: ++sent.refused; break;
  }
}

/// The loan of a built payload ends with the send, whatever came of it: lanes and backlogs hold for themselves.
class EndOfLoan {
 public:
  EndOfLoan(InboundPool* pool, const bus::Built& built) : pool_(pool), built_(built) {}
  ~EndOfLoan() {
    const bus::ChunkId chunk{static_cast<std::uint32_t>(built_.sample.handle)};
    if (built_.sample.handle != 0) pool_->end_loan(chunk, built_.offset, built_.bytes);
  }
  EndOfLoan(const EndOfLoan&) = delete;
  EndOfLoan& operator=(const EndOfLoan&) = delete;

 private:
  InboundPool* pool_;
  const bus::Built& built_;
};

}  // namespace shunt::host
