#pragma once
/// One request that the host has accepted and that has no outcome yet: whose it is, where it is, and who waits for it.

#include "epoch.hpp"
#include "outcomes.hpp"

#include <shunt/schemas/hints.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace shunt::host {

class Instance;
class PendingCall;
class ShadowPair;
struct RouteInfo;

/// Of all places, a shadow's copies have one in so many at most.
inline constexpr std::size_t kCopiesPart = 8;

struct InFlight {
  std::uint64_t correlation = 0;  ///< 0: free.
  const RouteInfo* route = nullptr;
  /// Whose ring holds the request; null while it waits in a backlog. It lives as long as a record names it.
  Instance* target = nullptr;
  std::uint64_t position = 0;            ///< Of its slot in the target's ring; means nothing without a target.
  PendingCall* caller = nullptr;         ///< A thread of the host; null when it gave up, or for a nested call.
  Instance* origin = nullptr;            ///< The plugin that asked; null when it died, or for a thread's call.
  std::uint64_t origin_correlation = 0;  ///< What the plugin called its request.
  std::uint64_t parent = 0;              ///< Correlation of the call whose handler makes this one; 0: of none.
  std::int64_t deadline_ns = 0;
  std::int64_t asked_ns = 0;  ///< When a thread of the host asked; of a nested call, the outer one. 0: not known.
  Epoch epoch{};              ///< Of the chain that it is part of.
  bool slow = false;          ///< It was counted as that in `outcomes`.
  bool is_keyed = false;      ///< It belongs to one instance of several.
  bool is_copy = false;       ///< For a shadow, or what one calls: it says nothing of the route, nor is one of its own.
  bool is_kept = false;       ///< It may be sent again: the table has the request itself.
  std::uint8_t tries = 0;     ///< How often it was sent again.
  Outcomes* outcomes = nullptr;  ///< Of the version that has it, where a breaker guards that; else null.
  std::int64_t sent_ns = 0;      ///< With `outcomes`: when it was asked of that route.
  /// What it wants of the version that handles it, for what that calls; null: nothing. The table keeps it, and copies
  /// of the record do not.
  const Hints* hints = nullptr;
  ShadowPair* pair = nullptr;  ///< Where its answer is kept, to be compared with another one; else null.

  /// Whether a chain begins with it.
  [[nodiscard]] bool is_root() const noexcept { return origin == nullptr && parent == 0; }

  /// Whether anybody waits for the reply.
  [[nodiscard]] bool wanted() const noexcept { return caller != nullptr || origin != nullptr; }

  // For the table alone.
  enum class List : std::uint16_t { None, Nested, Untold };
  static constexpr std::uint16_t kNowhere = 0xffff;
  /// Places in the table: the list that the record is in, and the nested calls that its handler makes. One word, so
  /// that the end of a plain call, which is in none and makes none, costs one comparison.
  struct Links {
    List list = List::None;
    std::uint16_t previous = kNowhere;
    std::uint16_t next = kNowhere;
    std::uint16_t first_nested = kNowhere;
  };
  Links links{};

  [[nodiscard]] bool linked() const noexcept {
    return std::bit_cast<std::uint64_t>(links) != std::bit_cast<std::uint64_t>(Links{});
  }
};
static_assert(sizeof(InFlight) <= 128, "8 bytes more cost a round trip 10 ns");

}  // namespace shunt::host
