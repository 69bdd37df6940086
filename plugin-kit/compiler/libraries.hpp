#pragma once
/// The libraries that a plugin is linked with, as the build names them: by their sums, so that no others run.

#include "declaration.hpp"

#include <string>
#include <vector>

namespace shunt::manifest_compiler {

/// Each of `named` is "libindicators.so.2=/folder/libindicators.so.2.1": a SONAME and the file that has it. In the
/// order of their names. What is wrong is said at `place`.
std::vector<Library> read_libraries(const std::vector<std::string>& named, const Place& place, Problems& problems);

}  // namespace shunt::manifest_compiler
