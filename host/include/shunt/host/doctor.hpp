#pragma once
/// What this machine lets a plugin be confined by: found by confining a process, not by guessing.
///
///     SHUNT_TRY(layers, examine_sandbox());
///     for (const auto& layer : layers) if (!layer.applied) warn(layer.lost, layer.cure);

#include <shunt/schemas/result.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace shunt {

/// One layer of the sandbox.
struct SandboxLayer {
  std::string name;    ///< "UserNamespace", ...
  std::string wanted;  ///< What it is for.
  bool applied = false;
  std::string detail;  ///< How it was applied, or why not.
  std::string lost;    ///< What a plugin could do without it, given the others.
  std::string cure;    ///< How to get it.
};

/// Starts the launcher (empty: as a host without `launcher` finds it), which confines a process as it would a plugin's
/// and throws it away. In the order in which the layers are applied. Blocks for some 20 ms.
/// Errors: System (it cannot be started), HostGone (it ended without a word; its own words are on standard error).
[[nodiscard]] Result<std::vector<SandboxLayer>> examine_sandbox(const std::filesystem::path& launcher = {});

}  // namespace shunt
