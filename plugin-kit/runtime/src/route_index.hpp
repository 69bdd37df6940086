#pragma once
/// From the number on a message to the function's or topic's place in the manifest: one multiplication, one load or
/// two.

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace shunt::kit {

class RouteIndex {
 public:
  /// `routes[i]` is the route of place i; 0: that place has none. Allocates here only.
  explicit RouteIndex(std::span<const std::uint32_t> routes)
      : entries_(std::bit_ceil(routes.size() * 4 + 4)),
        shift_(static_cast<unsigned>(std::countl_zero(entries_.size() - 1)) - 32) {
    for (std::uint32_t place = 0; place < routes.size(); ++place) {
      if (routes[place] == 0) continue;
      std::size_t at = first(routes[place]);
      while (entries_[at].route != 0) at = (at + 1) & (entries_.size() - 1);
      entries_[at] = {routes[place], place};
    }
  }

  [[nodiscard]] std::optional<std::uint32_t> find(std::uint32_t route) const noexcept {
    if (route == 0) return std::nullopt;
    for (std::size_t at = first(route); entries_[at].route != 0; at = (at + 1) & (entries_.size() - 1))
      if (entries_[at].route == route) return entries_[at].place;
    return std::nullopt;
  }

 private:
  struct Entry {
    std::uint32_t route = 0;
    std::uint32_t place = 0;
  };

  /// Fibonacci hashing: neighbouring routes, the usual case, spread without collisions.
  [[nodiscard]] std::size_t first(std::uint32_t route) const noexcept { return (route * 2654435769u) >> shift_; }

  std::vector<Entry> entries_;  // at most a quarter in use, so every search ends
  unsigned shift_;
};

}  // namespace shunt::kit
