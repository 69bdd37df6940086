#pragma once
/// How what goes over a route to one plugin is divided between versions of it.
///
///     host.share({.route = "momentum/signal", .targets = {{"1.4.0", 80}, {"1.5.0", 20}}});

#include <cstdint>
#include <string>
#include <vector>

namespace shunt {

inline constexpr std::uint32_t kWeightMax = 1'000'000;

/// A version, and its part: `weight` of the sum of all weights that are on.
struct RouteTarget {
  std::string version;       ///< What it leaves out (build, ABI level) matches anything.
  std::uint32_t weight = 1;  ///< 0 .. kWeightMax
  bool on = true;            ///< Off: it gets nothing, and is kept up.
  std::string plugin{};      ///< In host.toml, of a topic: whose version it is, where several plugins hear it.
  friend bool operator==(const RouteTarget&, const RouteTarget&) = default;
};

struct RouteTargets {
  std::string route;     ///< Or how several begin, "momentum/*": then versions without one of them are left out there.
  std::string plugin{};  ///< Of a topic that several plugins hear: which. Of a function it is the one that has it.
  std::vector<RouteTarget> targets{};  ///< None: all goes to the version that serves.
};

}  // namespace shunt
