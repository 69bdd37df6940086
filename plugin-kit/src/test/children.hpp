#pragma once
/// The processes that one has started, or has been given because who started them has ended.

#include <set>

#include <sys/types.h>

namespace shunt::test {

enum class Ended { Count, Leave };  ///< Those that have ended, and that nobody has waited for.

/// Reads /proc.
[[nodiscard]] std::set<pid_t> children_of(pid_t parent, Ended ended);

}  // namespace shunt::test
