#pragma once
/// A switch's targets, read.

#include <shunt/host/switch_target.hpp>
#include <shunt/schemas/result.hpp>
#include <shunt/schemas/version.hpp>

#include <string>
#include <vector>

namespace shunt::host {

struct VersionChoice {
  std::string plugin;
  Version version;
};

/// Errors: BadInput (what is no version, or a plugin that is there twice, or nothing).
[[nodiscard]] Result<std::vector<VersionChoice>> choices_of(const std::vector<SwitchTarget>& targets);

}  // namespace shunt::host
