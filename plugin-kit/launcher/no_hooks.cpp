#include "program_hooks.hpp"

namespace shunt::launcher {

PluginHooks program_hooks() { return {}; }

}  // namespace shunt::launcher
