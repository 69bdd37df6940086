#pragma once
/// The part of a contract that hands state from one version of the plugin to another.

#include "declaration.hpp"

#include <string>

namespace shunt::manifest_compiler {

/// What a plugin writes for each version of its state; empty without [state], as is the next.
std::string state_handlers(const Declaration& declaration);
/// Which of them the launcher means.
std::string state_dispatch(const Declaration& declaration);

}  // namespace shunt::manifest_compiler
