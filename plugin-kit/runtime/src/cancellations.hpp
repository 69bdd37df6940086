#pragma once
/// Requests that nobody waits for any more, as far as the host has said so.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

namespace shunt::kit {

/// Noted by whoever takes the reply ring, begun by each serving thread for itself, both under the threads' lock where
/// there are several; is_cancelled() by any thread. Allocates at creation only.
class Cancellations {
 public:
  /// `slots` of the ring that requests come in: a power of two. `hands`: serving threads.
  Cancellations(std::uint32_t slots, std::uint32_t hands) : current_(hands), waiting_(slots) {}

  /// The message whose handler runs from now on, on that thread; 0 for none.
  void begin(std::uint32_t hand, std::uint64_t token) noexcept {
    current_[hand].token.store(token, std::memory_order_relaxed);
  }

  /// Of a message in hand, or of one whose turn has not come; `position` is where that stands in the ring. Which
  /// serving thread has it in hand, if any.
  std::optional<std::uint32_t> note(std::uint64_t correlation, std::uint64_t position) noexcept {
    for (Current& each : current_) {
      if (correlation != each.token.load(std::memory_order_relaxed) || correlation == 0) continue;
      // Relaxed: only the word itself is told.
      each.cancelled.store(correlation, std::memory_order_relaxed);
      return static_cast<std::uint32_t>(&each - current_.data());
    }
    // One that is done has nothing to say of the request that stands in its slot now.
    std::uint64_t& latest = waiting_[place(position)];
    latest = std::max(latest, position + 1);
    end_ = std::max(end_, position + 1);
    return std::nullopt;
  }

  /// Whether the request at `position` was cancelled before its turn came.
  [[nodiscard]] bool before_its_turn(std::uint64_t position) const noexcept {
    return position < end_ && waiting_[place(position)] == position + 1;
  }

  [[nodiscard]] bool is_cancelled(std::uint64_t token) const noexcept {
    return token != 0 && std::ranges::any_of(current_, [=](const Current& each) {
             return each.cancelled.load(std::memory_order_relaxed) == token;
           });
  }

 private:
  struct Current {
    std::atomic<std::uint64_t> token{0};
    std::atomic<std::uint64_t> cancelled{0};
  };

  [[nodiscard]] std::size_t place(std::uint64_t position) const noexcept { return position & (waiting_.size() - 1); }

  std::vector<Current> current_;        // by serving thread
  std::uint64_t end_ = 0;               // behind the last position that was noted
  std::vector<std::uint64_t> waiting_;  // of each slot: the last position that was noted, plus 1
};

}  // namespace shunt::kit
