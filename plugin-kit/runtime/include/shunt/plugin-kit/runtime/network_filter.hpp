#pragma once
/// The filter of system calls of a process that speaks with a network and does nothing else, such as a bridge. Plugins
/// have another: the launcher's.

#include <shunt/schemas/result.hpp>

#include <string>

namespace shunt::kit {

/// From now on, for every thread of the process and for good: what is not listed in network_filter.cpp fails with
/// EPERM. Needs no_new_privs. What holds, for people. Errors: System, also in a build with sanitizers.
[[nodiscard]] Result<std::string> install_network_filter();

}  // namespace shunt::kit
