#pragma once
/// shunt-drill as a child, and what it says.

#include <shunt/host/drill.hpp>

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace shunt::host {

/// Starts `program` with `arguments` and the `descriptors`, which become its 4, 5, ...; reads its reports until it has
/// ended, and kills it, and what it has started, when none comes for `patience`. Errors: System.
[[nodiscard]] Result<PluginDrill> run_drill(const std::filesystem::path& program, std::vector<std::string> arguments,
                                            std::span<const int> descriptors, std::chrono::nanoseconds patience);

inline constexpr int kDrillDescriptorFirst = 4;

}  // namespace shunt::host
