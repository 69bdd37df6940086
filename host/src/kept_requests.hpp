#pragma once
/// Requests as they were sent, which their version may be asked once more: by the places of their records. Memory that
/// is touched only where there are any.

#include "inbound_pool.hpp"
#include "outlet.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace shunt::host {

/// Holds its chunk, which is of `pool`.
struct KeptRequest {
  QueuedMessage message;
  InboundPool* pool = nullptr;
};

/// Not thread-safe: under the table's lock.
class KeptRequests {
 public:
  explicit KeptRequests(std::size_t places)
      : bytes_(std::make_unique_for_overwrite<std::byte[]>(places * sizeof(KeptRequest))) {}

  /// Its message, and a claim on its chunk.
  void keep(std::uint16_t place, const Message& request, InboundPool& pool) noexcept {
    auto* const kept = new (bytes_.get() + place * sizeof(KeptRequest)) KeptRequest;
    kept->pool = &pool;
    kept->message.header = request.header;
    std::ranges::copy(request.content, kept->message.slot.begin());  // nothing, where it lies in a chunk
    if (request.header.place == bus::Place::Chunk) pool.hold(request.header.chunk);
  }
  /// One that is kept.
  [[nodiscard]] KeptRequest& at(std::uint16_t place) noexcept {
    return *std::launder(reinterpret_cast<KeptRequest*>(bytes_.get() + place * sizeof(KeptRequest)));
  }
  void let_go(std::uint16_t place) noexcept {
    const KeptRequest& kept = at(place);
    if (kept.message.header.place == bus::Place::Chunk) kept.pool->release(kept.message.header.chunk);
  }

 private:
  std::unique_ptr<std::byte[]> bytes_;
};

}  // namespace shunt::host
