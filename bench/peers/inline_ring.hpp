#pragma once
/// The peer `ring_inline`: a single-producer, single-consumer ring whose slot carries its commit word in the payload's
/// own first line, so that one cache line transfer brings both.
///
///     0 | read      | consumer   messages read, ever; 0 <= written - read <= depth
///    64 | doorbells | both
///   192 | slots ... | sender     commit word (position + 1), then the payload; a stride of slot_bytes or more

#include "doorbell.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace shunt::bench {

class InlineRing {
  struct Indices {
    alignas(64) std::atomic<std::uint64_t> read;
    Doorbell data, room;
  };
  using CommitWord = std::atomic<std::uint64_t>;
  static std::size_t stride(const Setup& setup) {
    return std::max<std::size_t>(setup.slot_bytes, (sizeof(CommitWord) + setup.bytes + 63) / 64 * 64);
  }
  [[nodiscard]] std::byte* slot() const { return slots_ + (position_ & (depth_ - 1)) * stride_; }

 public:
  static std::size_t memory_bytes(const Setup& setup) { return sizeof(Indices) + setup.depth * stride(setup); }

  /// One end of the ring that lies, zeroed at first, in `memory`.
  InlineRing(std::byte* memory, const Setup& setup, const Waiting& waiting)
      : shared_(reinterpret_cast<Indices*>(memory)),
        slots_(memory + sizeof(Indices)),
        stride_(stride(setup)),
        depth_(setup.depth),
        waiting_(waiting) {}

  template <typename Fill>
  bool send(Fill fill) {
    if (position_ - read_ == depth_)
      shared_->room.await(waiting_, [&] {
        return position_ - (read_ = shared_->read.load(std::memory_order_acquire)) < depth_;  // the consumer's release
      });
    std::byte* const next = slot();
    fill(next + sizeof(CommitWord));
    reinterpret_cast<CommitWord*>(next)->store(++position_, std::memory_order_release);
    shared_->data.ring(waiting_);
    return true;
  }

  template <typename Check>
  bool receive(Check check) {
    std::byte* const next = slot();
    shared_->data.await(waiting_, [&] {
      return reinterpret_cast<CommitWord*>(next)->load(std::memory_order_acquire) == position_ + 1;  // sender's release
    });
    check(next + sizeof(CommitWord));
    shared_->read.store(++position_, std::memory_order_release);
    if ((position_ & (depth_ / 4 - 1)) == 0) shared_->room.ring(waiting_);  // sleeps while it is full
    return true;
  }

 private:
  Indices* shared_;
  std::byte* slots_;
  std::size_t stride_;
  std::uint64_t depth_;
  Waiting waiting_;
  std::uint64_t position_ = 0;  // written or read at this end
  std::uint64_t read_ = 0;      // the consumer's, as last seen by the sender
};

}  // namespace shunt::bench
