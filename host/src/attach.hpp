#pragma once
/// The first packet to a launcher: everything its plugin process needs to know.

#include "catalog.hpp"
#include "control_socket.hpp"

namespace shunt::host {

/// A control Message with an Attach body.
void build_attach(flatbuffers::FlatBufferBuilder& builder, const PluginVersion& version, const Instance& instance,
                  SandboxRequired required, std::chrono::nanoseconds clock);

/// How the two ends of this version's lanes may wait.
[[nodiscard]] bus::Sleepers sleepers_of(const PluginVersion& version);

}  // namespace shunt::host
