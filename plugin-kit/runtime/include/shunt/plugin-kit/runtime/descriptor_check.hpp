#pragma once
/// What a plugin's descriptor must have before anything of it is called.

#include <shunt/plugin.h>
#include <shunt/schemas/result.hpp>

namespace shunt::kit {

/// What the manifest declares, and a descriptor must have a handler for.
struct Interface {
  bool functions = false;
  bool topics_in = false;
  bool state = false;
};

/// Reads only. Errors: LayoutMismatch (built with the kit of another release), NotAPlugin (a member is missing).
[[nodiscard]] Status check_descriptor(const shunt_plugin& descriptor, const Interface& needed);

}  // namespace shunt::kit
