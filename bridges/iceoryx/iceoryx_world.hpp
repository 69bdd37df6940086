#pragma once
/// iceoryx 2.0.3 as a bridge's world: services {"shunt", topic, schema hash}.

#include <shunt/bridges/world.hpp>

namespace shunt::bridges {

/// Takes the settings `host` (its name), `roudi` (auto, embedded or join) and `shared` (the pool of a RouDi of our
/// own). Errors: BadInput.
[[nodiscard]] Result<std::unique_ptr<World>> make_iceoryx(const Agreement& agreement, std::function<void()> wake);

}  // namespace shunt::bridges
