#pragma once
/// Ties between the launcher's processes: none outlives its parent, and none leaves children behind.

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/result.hpp>

#include <optional>

#include <sys/types.h>

namespace shunt::launcher {

/// From now on SIGKILL strikes this process when `parent`, the thread that forked it, ends; at once if it already has.
void die_with(pid_t parent) noexcept;

/// The same for whoever holds the other end of `socket`: in a pid namespace a parent outside has no number. Errors:
/// HostGone when it has ended already.
[[nodiscard]] Status die_with_other_end(int socket) noexcept;

/// Orphans among our descendants become our children instead of pid 1's, so that we can end and reap them.
void adopt_orphans() noexcept;

/// Kills and reaps every child there is, and those that they leave behind.
void end_children() noexcept;

/// Waits for one child. None: there is no such child.
std::optional<int> wait_for(pid_t child) noexcept;

/// A descriptor that names `pid`, a child that is not reaped. Errors: System.
[[nodiscard]] Result<bus::UniqueFd> open_pidfd(pid_t pid);

/// The number that a pidfd's process has for us. Errors: System, when it is gone or none of ours.
[[nodiscard]] Result<pid_t> number_of(const bus::UniqueFd& pidfd);

/// SIGKILL to a process that may be gone already.
void kill_by(const bus::UniqueFd& pidfd) noexcept;

}  // namespace shunt::launcher
