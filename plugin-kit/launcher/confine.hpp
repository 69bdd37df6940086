#pragma once
/// What a plugin process may not do, from before its first line of code on.
///
/// The order is part of the design: descriptors, limits, processors, no new privileges, the death signal, which a
/// change of credentials would clear; then Landlock; then the lane is mapped; last comes the system call filter.

#include "sandbox/filter.hpp"
#include "sandbox/layers.hpp"

#include <shunt/plugin-kit/runtime/control_channel.hpp>
#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <span>
#include <vector>

#include <sys/types.h>

namespace shunt::launcher {

struct Confinement {
  std::uint64_t data_bytes_max = 0;  ///< Private writable memory; 0: no limit.
  std::uint64_t lane_bytes = 0;      ///< That are mapped beside it.
  std::uint32_t open_files_max = 0;  ///< 0: no limit.
  std::uint32_t processes_max = 0;   ///< Of this user in its user namespace, threads counted; 0: no limit.
  std::vector<std::uint32_t> cpus;   ///< Empty: all.
  control::Scheduling scheduling = control::Scheduling::Other;  ///< Fifo and RoundRobin are left to the warden.
  int nice = 0;                                                 ///< Below 0 is left to the warden.
  std::vector<int> keep;                                        ///< Descriptors that stay open beside 0, 1 and 2.
  pid_t parent = 0;                                             ///< The process does not outlive it.
};

/// Descriptors, limits, no new privileges, the death signal.
/// Errors: BadConfiguration when a limit cannot be set as asked; System.
[[nodiscard]] Status confine(const Confinement& confinement);

/// The filter, when the lane is mapped. The listener goes to the warden with what holds.
/// Errors: BadConfiguration (`require_full`, and a layer is missing), System, HostGone.
[[nodiscard]] Status confine_calls(const Filter& filter, const kit::ControlChannel& warden, Layers& layers,
                                   bool require_full);

/// Closes every descriptor but 0, 1, 2 and `keep`. Errors: System.
[[nodiscard]] Status close_all_but(std::vector<int> keep);

}  // namespace shunt::launcher
