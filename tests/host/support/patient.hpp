#pragma once
/// Plugins that stand still for as long as a test likes, and are not ended for it.

#include "cast.hpp"

namespace shunt::test {

[[nodiscard]] inline PluginConfiguration patient(PluginConfiguration plugin) {
  plugin.handler_max = 1h;
  plugin.grace = 1h;
  return plugin;
}

}  // namespace shunt::test
