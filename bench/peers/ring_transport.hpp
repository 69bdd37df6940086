#pragma once
/// Shared-memory rings as a transport: two per consumer, one each way, in one memfd.

#include <shunt/bench/setup.hpp>
#include <shunt/bench/waiting.hpp>
#include <shunt/schemas/result.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace shunt::bench {

/// Shared, zeroed memory without a name; the forked children of its maker share it. Unmapped at the end.
class RingMemory {
 public:
  /// Errors: System.
  static Result<RingMemory> create(std::size_t bytes);
  RingMemory(RingMemory&& other) noexcept;
  RingMemory& operator=(RingMemory&&) = delete;
  ~RingMemory();

  [[nodiscard]] std::byte* at(std::size_t offset) const { return base_ + offset; }

 private:
  RingMemory(std::byte* base, std::size_t bytes) : base_(base), bytes_(bytes) {}

  std::byte* base_;
  std::size_t bytes_;
};

template <typename Ring>
class RingTransport {
 public:
  static Status supports(const Setup&) { return {}; }

  static Result<std::unique_ptr<RingTransport>> create(const Setup& setup, const Waiting& waiting) {
    SHUNT_TRY(memory, RingMemory::create(2 * setup.consumers * Ring::memory_bytes(setup)));
    return std::unique_ptr<RingTransport>(new RingTransport(std::move(memory), setup, waiting));
  }

  Status attach_client() {
    for (unsigned consumer = 0; consumer < setup_.consumers; ++consumer) {
      outgoing_.push_back(ring(2 * consumer));
      incoming_.push_back(ring(2 * consumer + 1));
    }
    return {};
  }

  Status attach_consumer(unsigned consumer) {
    incoming_.push_back(ring(2 * consumer));
    outgoing_.push_back(ring(2 * consumer + 1));
    return {};
  }

  template <typename Fill>
  bool send(Fill fill) {
    for (Ring& ring : outgoing_) ring.send(fill);
    return true;
  }

  /// The client awaits replies only where there is one consumer.
  template <typename Check>
  bool receive(Check check) {
    return incoming_.front().receive(check);
  }

 private:
  RingTransport(RingMemory memory, const Setup& setup, const Waiting& waiting)
      : memory_(std::move(memory)), setup_(setup), waiting_(waiting) {}

  Ring ring(unsigned index) const { return Ring{memory_.at(index * Ring::memory_bytes(setup_)), setup_, waiting_}; }

  RingMemory memory_;
  Setup setup_;
  Waiting waiting_;
  std::vector<Ring> outgoing_, incoming_;
};

}  // namespace shunt::bench
