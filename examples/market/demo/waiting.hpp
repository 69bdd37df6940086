#pragma once
/// How everybody waits, from the number of cores: who spins needs a core for itself, or it takes one from those that
/// it waits for.

#include <shunt/host/configuration.hpp>

namespace market_demo {

/// The cores that this process may use; at least 1.
[[nodiscard]] unsigned cores_at_hand();

/// Whether there is a core for every process of `configuration` and for the host.
[[nodiscard]] bool may_spin(const shunt::HostConfiguration& configuration, unsigned cores);

/// The plugins spin for a while before they sleep, whatever the configuration says.
void let_spin(shunt::HostConfiguration& configuration);

}  // namespace market_demo
