#pragma once
/// The benchmark's plugins, listed by their sha256 as users' plugins are.

#include <shunt/host/configuration.hpp>
#include <shunt/schemas/result.hpp>

#include <string_view>

namespace shunt::bench {

/// `file` from the nearest folder `plugins` above this program that has it, with the sum that the build wrote beside
/// it. Errors: System (it is not there: build the benchmark anew).
[[nodiscard]] Result<PluginConfiguration> listed_plugin(std::string_view file);

}  // namespace shunt::bench
