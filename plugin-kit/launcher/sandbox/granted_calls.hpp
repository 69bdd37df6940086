#pragma once
/// The calls that a plugin's manifest may ask for beyond the default, by name.

#include <shunt/schemas/result.hpp>

#include <set>
#include <string>
#include <vector>

namespace shunt::launcher {

/// Their numbers. A granted call goes through whatever its arguments, from activate to cleanup.
/// Errors: BadManifest for a name that is no call here, or a call by which a plugin could leave its sandbox: no
/// manifest gets those.
[[nodiscard]] Result<std::set<int>> granted_calls(const std::vector<std::string>& names);

}  // namespace shunt::launcher
