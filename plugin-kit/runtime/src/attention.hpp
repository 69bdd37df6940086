#pragma once
/// What serving threads look at between two messages beside its rings: one word, which is zero unless there is
/// something else to do.

#include <atomic>
#include <cstdint>

namespace shunt::kit {

class Attention {
 public:
  enum What : std::uint32_t {
    Health = 1,  ///< The plugin is to be asked for its health.
    Timers = 2,  ///< There are timers, on a clock that goes on by itself.
    Clock = 4,   ///< The host has said how far the plugin's clock goes.
  };

  /// Any thread. Who sees it sees what was written before.
  void raise(What what) noexcept { word_.fetch_or(what, std::memory_order_release); }  // pairs with raised()
  /// Who lowers it sees what was written before it was raised.
  void lower(What what) noexcept { word_.fetch_and(~std::uint32_t{what}, std::memory_order_acquire); }

  [[nodiscard]] std::uint32_t raised() const noexcept { return word_.load(std::memory_order_acquire); }

 private:
  std::atomic<std::uint32_t> word_{0};
};

}  // namespace shunt::kit
