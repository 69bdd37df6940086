#pragma once
/// Which routes two builds of a plugin declare alike, by name and by the names of what they carry.

#include <shunt/schemas/manifest.hpp>

#include <set>
#include <string>
#include <vector>

namespace shunt {

struct RouteDifference {
  std::set<std::string> shared;     ///< Types that a route of both carries.
  std::set<std::string> rehashed;   ///< Of these, those of which the manifests say different hashes.
  std::vector<std::string> broken;  ///< "function signal was removed"
  std::vector<std::string> added;   ///< "function signal"
};

/// A call that the newer one does not make any more breaks nobody.
[[nodiscard]] RouteDifference compare_routes(const Manifest& older, const Manifest& newer);

}  // namespace shunt
