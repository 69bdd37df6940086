#pragma once
/// The types by which a plugin's routes are known: those of each build of it that has served. Who knows a route by one
/// of them is led to whatever build serves it now, so a build that keeps the route has to conform to all of them, and
/// not only to the one that it takes the place of.

#include "catalog.hpp"

#include <shunt/host/compatibility.hpp>

#include <memory>
#include <vector>

namespace shunt::host {

/// A value: one that is read elsewhere is a copy, whose schemas are shared and do not change.
class KnownTypes {
 public:
  /// Of a version that serves, or is there to.
  void add(const PluginVersion& version);
  /// Those of routes that this version has.
  [[nodiscard]] KnownTypes of(const PluginVersion& serving) const;
  /// Whether all that the build still has under their names conforms, in one direction at least. `compared`: the build
  /// with the one that serves.
  [[nodiscard]] bool conform(const Manifest& came, const PluginComparison& compared) const;

 private:
  struct Known {
    const RouteInfo* route = nullptr;
    std::vector<PayloadType> types{};
    std::shared_ptr<const std::vector<BinarySchema>> schemas{};
  };
  std::vector<Known> known_;  // of one route: different types
};

}  // namespace shunt::host
