#pragma once
/// Where the Shunt that a program is built against has its launcher.

namespace shunt::host {

/// Empty here, in the source tree. In an installation, a header made from cmake/package.hpp.in takes this one's place.
constexpr const char* kPackagedLauncher = "";

}  // namespace shunt::host
