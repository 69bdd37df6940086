#pragma once
/// Who includes whom, read from the sources: the arrows of docs/architecture.md for headers, as CMake checks them for
/// targets.
///
///     for (const std::string& breach : include_breaches(SHUNT_SOURCE_TREE)) ADD_FAILURE() << breach;

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace shunt::house {

/// For each layer, the layers it may include.
const std::map<std::string, std::set<std::string>>& arrows();

/// One sentence for each `#include` below `tree` that the arrows do not allow, or that brings in a library which only
/// one layer may use. Empty when all is well.
std::vector<std::string> include_breaches(const std::filesystem::path& tree);

/// The files below `tree` that include iceoryx's internal headers.
std::vector<std::filesystem::path> users_of_iceoryx_internals(const std::filesystem::path& tree);

}  // namespace shunt::house
