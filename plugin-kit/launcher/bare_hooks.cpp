/// shunt-launch-bare: a launcher that limits its plugin process and confines it no further, to measure what that costs.

#include "program_hooks.hpp"

namespace shunt::launcher {

PluginHooks program_hooks() { return {.on_serving = {}, .confined = false}; }

}  // namespace shunt::launcher
