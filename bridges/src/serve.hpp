#pragma once
/// The child of a bridge's program: the host's phases, and a carrier while the bridge is active.

#include "attachment.hpp"

#include <shunt/bridges/program.hpp>

namespace shunt::bridges {

/// Ends the process: 0 after cleanup or once the host has gone, else as a bridge that has to start anew does. `warden`:
/// where reports go.
[[noreturn]] void serve(const Program& program, Attachment attachment, const kit::ControlChannel& warden);

}  // namespace shunt::bridges
