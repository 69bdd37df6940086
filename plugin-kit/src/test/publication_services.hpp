#pragma once
/// The services of plugin.h that publish, for a plugin under test, and what others that send have in common with them.

#include "state.hpp"

namespace shunt::test {

/// Whether the plugin may send on the calling thread now; if not, `code` says why.
bool may_use(StandInState& state, int& code);

bool is_ring_full(const StandInState& state);
/// A code as services have it.
int refuse_full_ring(StandInState& state);

// Of the services.
int publish(shunt_runtime* runtime, std::uint32_t topic, shunt_sample* sample, std::size_t offset, std::size_t bytes);
int publish_as(shunt_runtime* runtime, const shunt_publication* how, shunt_sample* sample, std::size_t offset,
               std::size_t bytes);
int publish_batch(shunt_runtime* runtime, const shunt_publication* how, shunt_part* parts, std::size_t count,
                  std::size_t* published);
std::size_t room(shunt_runtime* runtime);

}  // namespace shunt::test
