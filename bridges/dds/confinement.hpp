#pragma once
/// What the bridge to DDS may not do: all that speaking with a network does not take. It has no network namespace,
/// since it is there for the network; whoever takes it over through a packet finds no file, no program and no
/// privilege.
///
/// Applied before the first packet, in this order: descriptors and memory, no new privileges, capabilities, Landlock,
/// and a filter of system calls.

#include <shunt/bridges/program.hpp>

namespace shunt::bridges {

/// Of the calling process, for good; call it before there is a second thread. Which layers hold, and why others do not.
/// Files of `readable` can still be opened, for reading.
[[nodiscard]] control::ConfinedT confine_to_network(const std::vector<std::string>& readable,
                                                    std::uint64_t data_bytes_max);

}  // namespace shunt::bridges
