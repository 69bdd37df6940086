#pragma once
/// compatibility.hpp's comparison, of builds that were read already.

#include "plugin_image.hpp"

#include <shunt/host/compatibility.hpp>

namespace shunt {

/// Touches no file. Errors: those of compare_plugins but of reading.
[[nodiscard]] Result<PluginComparison> compare_builds(const PluginImage& older, const PluginImage& newer);

}  // namespace shunt
