#pragma once
/// Nothing a plugin throws crosses this line.

#include "serving_state.hpp"

#include <exception>
#include <utility>

namespace shunt::kit {

/// Runs the plugin's code. Null, or the text of what it threw with the place of the throw, valid until the next one.
template <typename Code>
const char* catch_all(const shunt_runtime& runtime, Hand& hand, Code&& code) noexcept {
  try {
    std::forward<Code>(code)();
    return nullptr;
  } catch (const std::exception& exception) {
    return describe_thrown(runtime, hand, exception.what());
  } catch (...) {
    return describe_thrown(runtime, hand, "an exception that is not a std::exception");
  }
}

}  // namespace shunt::kit
