#pragma once
/// Where a message on its way has its hints: behind the payload that travels inside it.

#include "outlet.hpp"
#include "route_table.hpp"

#include <shunt/schemas/hints.hpp>

#include <array>
#include <cstring>

namespace shunt::host {

/// For a message that nobody of these may handle.
[[nodiscard]] Error no_such_version(const RouteInfo& route, const Hints& hints, std::span<const Target> targets);

/// A message had a hint that nobody suited.
inline void count_passed_over(const RouteInfo& route) noexcept {
  route.counters.passed_over.fetch_add(1, std::memory_order_relaxed);
}

/// On the sender's stack, as long as the message is. Holds the chunk that a payload went to for want of room, too.
class HintedContent {
 public:
  HintedContent() noexcept {}  // the slot is written before it is read
  ~HintedContent() {
    if (pool_ != nullptr) pool_->release(chunk_);
  }
  HintedContent(const HintedContent&) = delete;
  HintedContent& operator=(const HintedContent&) = delete;

  /// Whether they have room beside what travels inside the message.
  [[nodiscard]] static bool fit(const Message& message, const Hints& hints) noexcept {
    return message.content.size() + hints.text().size() <= bus::kInlineBytesMax;
  }
  /// Of a message whose hints fit.
  void put(Message& message, const Hints& hints) noexcept {
    const std::size_t payload = message.content.size();
    if (payload > 0) std::memcpy(slot_.data(), message.content.data(), payload);
    std::memcpy(slot_.data() + payload, hints.text().data(), hints.text().size());
    message.header.status = static_cast<std::uint16_t>(hints.text().size());
    message.content = std::span{slot_}.first(payload + hints.text().size());
  }
  /// The chunk that the message's payload is in is of `pool`, and lent to us.
  void hold(InboundPool& pool, const Message& message) noexcept {
    pool_ = &pool;
    chunk_ = message.header.chunk;
  }
  /// Null: none.
  [[nodiscard]] InboundPool* pool() const noexcept { return pool_; }

 private:
  std::array<std::byte, bus::kInlineBytesMax> slot_;
  InboundPool* pool_ = nullptr;
  bus::ChunkId chunk_;
};

}  // namespace shunt::host
