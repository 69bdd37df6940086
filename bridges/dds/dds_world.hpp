#pragma once
/// Cyclone DDS 0.10 as a bridge's world: each open topic is a DDS topic of one type, open_message.idl.

#include <shunt/bridges/world.hpp>

namespace shunt::bridges {

/// Takes the settings of read_dds_settings(). Errors: BadInput.
[[nodiscard]] Result<std::unique_ptr<World>> make_dds(const Agreement& agreement, std::function<void()> wake);

}  // namespace shunt::bridges
