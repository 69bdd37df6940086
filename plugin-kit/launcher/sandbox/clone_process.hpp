#pragma once
/// fork() into new namespaces.

#include <sys/types.h>

namespace shunt::launcher {

/// As fork(), with CLONE_NEW... flags: the child is in those namespaces and, with CLONE_NEWPID, the first process of
/// its own. The caller has one thread.
[[nodiscard]] pid_t clone_process(int namespaces) noexcept;

}  // namespace shunt::launcher
