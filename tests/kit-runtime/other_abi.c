/* A plugin built for a C ABI that does not exist. */
#include <shunt/plugin.h>

const shunt_plugin shunt_plugin_descriptor = {.abi = SHUNT_ABI + 1, .size = sizeof(shunt_plugin)};
