#pragma once
/// One entry of [config]: its type, its bounds and whether they agree with each other.

#include "declaration.hpp"

#include <optional>

#include <toml++/toml.h>

namespace shunt::manifest_compiler {

std::optional<ConfigKey> read_config_key(const std::string& name, const toml::node& node, const Place& place,
                                         Problems& problems);

}  // namespace shunt::manifest_compiler
