#pragma once
/// What a plugin process may not do, from before its first line of code on.
///
/// The order is part of the design: descriptors, limits, processors, no new privileges, and last the death signal,
/// which a change of credentials would clear. The sandbox (namespaces, capabilities, Landlock, the system call filter)
/// goes between no_new_privs and the death signal.

#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <span>
#include <vector>

#include <sys/types.h>

namespace shunt::launcher {

struct Confinement {
  std::uint64_t data_bytes_max = 0;  ///< Private writable memory; 0: no limit.
  std::uint32_t open_files_max = 0;  ///< 0: no limit.
  std::vector<std::uint32_t> cpus;   ///< Empty: all.
  std::vector<int> keep;             ///< Descriptors that stay open beside 0, 1 and 2.
  pid_t parent = 0;                  ///< The process does not outlive it.
};

/// Errors: BadConfiguration when a limit cannot be set as asked; System.
[[nodiscard]] Status confine(const Confinement& confinement);

/// Closes every descriptor but 0, 1, 2 and `keep`. Errors: System.
[[nodiscard]] Status close_all_but(std::vector<int> keep);

}  // namespace shunt::launcher
