#pragma once
/// The peer `ring_padded`: a bare single-producer, single-consumer ring, head and tail in cache lines of their own.
///
///     0 | head      | sender     messages written, ever
///    64 | tail      | consumer   messages read, ever; 0 <= head - tail <= depth
///   128 | doorbells | both
///   256 | slots ... | sender     payload only, in whole lines

#include "doorbell.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace shunt::bench {

class PaddedRing {
  struct Indices {
    alignas(64) std::atomic<std::uint64_t> head;
    alignas(64) std::atomic<std::uint64_t> tail;
    Doorbell data, room;
  };
  static std::size_t slot_bytes(const Setup& setup) { return (setup.bytes + 63) / 64 * 64; }
  [[nodiscard]] std::byte* slot() const { return slots_ + (mine_ & (depth_ - 1)) * slot_bytes_; }

 public:
  static std::size_t memory_bytes(const Setup& setup) { return sizeof(Indices) + setup.depth * slot_bytes(setup); }

  /// One end of the ring that lies, zeroed at first, in `memory`.
  PaddedRing(std::byte* memory, const Setup& setup, const Waiting& waiting)
      : shared_(reinterpret_cast<Indices*>(memory)),
        slots_(memory + sizeof(Indices)),
        slot_bytes_(slot_bytes(setup)),
        depth_(setup.depth),
        waiting_(waiting) {}

  template <typename Fill>
  bool send(Fill fill) {
    if (mine_ - theirs_ == depth_)
      shared_->room.await(waiting_, [&] {
        return mine_ - (theirs_ = shared_->tail.load(std::memory_order_acquire)) < depth_;  // the consumer's release
      });
    fill(slot());
    shared_->head.store(++mine_, std::memory_order_release);
    shared_->data.ring(waiting_);
    return true;
  }

  template <typename Check>
  bool receive(Check check) {
    if (theirs_ == mine_)
      shared_->data.await(waiting_, [&] {
        return (theirs_ = shared_->head.load(std::memory_order_acquire)) != mine_;  // the sender's release
      });
    check(slot());
    shared_->tail.store(++mine_, std::memory_order_release);
    if ((mine_ & (depth_ / 4 - 1)) == 0) shared_->room.ring(waiting_);  // sleeps while it is full
    return true;
  }

 private:
  Indices* shared_;
  std::byte* slots_;
  std::size_t slot_bytes_;
  std::uint64_t depth_;
  Waiting waiting_;
  std::uint64_t mine_ = 0;    // written or read at this end
  std::uint64_t theirs_ = 0;  // the other end's, as last seen
};

}  // namespace shunt::bench
