#pragma once
/// A RouDi of our own that nobody else on the machine can meet.

#include <shunt/bench/child.hpp>
#include <shunt/schemas/result.hpp>

#include <cstdint>

namespace shunt::bench {

/// Moves this process, for good, to a mount namespace with its own empty /dev/shm and /tmp, where iceoryx keeps all its
/// names. An ordinary user gets there through a user namespace. Call it while the process has one thread.
/// Errors: System (the machine refuses namespaces).
Status enter_private_mounts();

/// Starts `iox-roudi` with one pool of `chunks` chunks of `chunk_bytes`, and waits until it listens. Quiet; everything
/// it makes lies in the private mounts and goes with the last process in them. Errors: System (no iox-roudi, or it does
/// not come up within 10 s).
Result<Child> start_roudi(std::size_t chunk_bytes, std::uint32_t chunks);

}  // namespace shunt::bench
