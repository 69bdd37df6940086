#pragma once
/// A route's `breaker` in host.toml.

#include "toml_fields.hpp"

#include <shunt/host/breaker_policy.hpp>

#include <string>

namespace shunt {

/// `{ preset = "fast", open_for = "5 s" }`. `member` is the breaker's own: "routes.\"pricer/price\".breaker".
Status read_breaker(const TomlNode& node, const std::string& member, TomlPlaces& places, BreakerPolicy& policy);

}  // namespace shunt
