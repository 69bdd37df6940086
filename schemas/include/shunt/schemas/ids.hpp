#pragma once
/// Identities that are compared and indexed, each a type of its own so that no two are mixed up.

#include <compare>
#include <cstdint>

namespace shunt {

/// A topic or a function, as numbered by one host for its lifetime. Zero is never given out.
struct RouteId {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(const RouteId&, const RouteId&) = default;
};

/// One running process of a version, numbered by one host and never given out twice.
struct InstanceId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(const InstanceId&, const InstanceId&) = default;
};

/// First 8 bytes of the SHA-256 of a type's canonical schema text: two sides that agree on it read each other.
struct SchemaHash {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(const SchemaHash&, const SchemaHash&) = default;
};

}  // namespace shunt
