#pragma once
/// Requests that nobody waits for any more, as far as the host has said so.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

namespace shunt::kit {

/// Noted and asked by the serving thread; is_cancelled() by any thread. Allocates at creation only.
class Cancellations {
 public:
  /// `slots` of the ring that requests come in: a power of two.
  explicit Cancellations(std::uint32_t slots) : waiting_(slots) {}

  /// The message whose handler runs from now on; 0 for none.
  void begin(std::uint64_t token) noexcept { in_hand_ = token; }

  /// Of the message in hand, or of one whose turn has not come; `position` is where that stands in the ring.
  void note(std::uint64_t correlation, std::uint64_t position) noexcept {
    if (correlation == in_hand_ && correlation != 0) {
      // Relaxed: only the word itself is told.
      cancelled_in_hand_.store(correlation, std::memory_order_relaxed);
      return;
    }
    // One that is done has nothing to say of the request that stands in its slot now.
    std::uint64_t& latest = waiting_[place(position)];
    latest = std::max(latest, position + 1);
    end_ = std::max(end_, position + 1);
  }

  /// Whether the request at `position` was cancelled before its turn came.
  [[nodiscard]] bool before_its_turn(std::uint64_t position) const noexcept {
    return position < end_ && waiting_[place(position)] == position + 1;
  }

  [[nodiscard]] bool is_cancelled(std::uint64_t token) const noexcept {
    return token != 0 && cancelled_in_hand_.load(std::memory_order_relaxed) == token;
  }

 private:
  [[nodiscard]] std::size_t place(std::uint64_t position) const noexcept { return position & (waiting_.size() - 1); }

  std::uint64_t in_hand_ = 0;
  std::atomic<std::uint64_t> cancelled_in_hand_{0};
  std::uint64_t end_ = 0;               // behind the last position that was noted
  std::vector<std::uint64_t> waiting_;  // of each slot: the last position that was noted, plus 1
};

}  // namespace shunt::kit
