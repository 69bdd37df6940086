#pragma once
/// In which form one version of a plugin can hand its state to another.

#include <shunt/schemas/manifest.hpp>

#include <cstdint>
#include <optional>

namespace shunt::host {

/// The newest version of the state that both have; none: `from` has no state. Errors: NoSuchVersion (they have none in
/// common), SchemaMismatch (one of the same number and another type).
[[nodiscard]] Result<std::optional<std::uint32_t>> state_between(const Manifest& from, const Manifest& to);

}  // namespace shunt::host
