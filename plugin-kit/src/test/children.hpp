#pragma once
/// The processes that this one has started, or has been given because who started them has ended.

#include <set>

#include <sys/types.h>

namespace shunt::test {

/// Also those that have ended and that nobody has waited for. Reads /proc.
[[nodiscard]] std::set<pid_t> children_of_this_process();

}  // namespace shunt::test
