#pragma once
/// The reply that a call gets which has failed: what host.toml has for its function.

#include <shunt/schemas/error.hpp>

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace shunt::host {

/// Thread-safe. Nothing on the way of a call that succeeds.
class Fallback {
 public:
  /// A FlatBuffer of the function's reply; once, by one thread.
  void give(std::vector<std::uint8_t> reply) {
    owned_ = std::make_unique<const std::vector<std::uint8_t>>(std::move(reply));
    reply_.store(owned_.get(), std::memory_order_release);
  }
  [[nodiscard]] bool is_there() const noexcept { return reply_.load(std::memory_order_relaxed) != nullptr; }

  /// Whether it stands in for a call that ended so: nobody answered, or whoever should have could not. What is its
  /// caller's own fault, or wish, that one hears of.
  [[nodiscard]] bool stands_in_for(ErrorCode code) const noexcept {
    switch (code) {
      case ErrorCode::BadInput:
      case ErrorCode::SchemaMismatch:
      case ErrorCode::BadPayload:
      case ErrorCode::NoSuchVersion:
      case ErrorCode::Undeclared:
      case ErrorCode::TooLarge:
      case ErrorCode::WouldDeadlock:
      case ErrorCode::ValidationFailed:
      case ErrorCode::Cancelled:
      case ErrorCode::Stopped: return false;
      default: return is_there();
    }
  }

  /// Where it is there. Acquire pairs with the release in give().
  [[nodiscard]] std::span<const std::byte> reply() const noexcept {
    return std::as_bytes(std::span{*reply_.load(std::memory_order_acquire)});
  }
  /// One more call has got it. Whether somebody should be told: of the 1st, 2nd, 4th, 8th ...
  [[nodiscard]] bool count() noexcept { return std::has_single_bit(used_.fetch_add(1, std::memory_order_relaxed) + 1); }
  [[nodiscard]] std::uint64_t used() const noexcept { return used_.load(std::memory_order_relaxed); }

 private:
  std::unique_ptr<const std::vector<std::uint8_t>> owned_;
  std::atomic<const std::vector<std::uint8_t>*> reply_{nullptr};
  std::atomic<std::uint64_t> used_{0};  // relaxed: a number for people
};

}  // namespace shunt::host
