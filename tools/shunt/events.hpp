#pragma once
/// An event as one line for people.

#include "ask.hpp"

#include <string>

namespace shunt::tool {

/// "12:00:01.250 momentum 1.4.0+8a3f1c2e+abi-v1 #3 Active: serves"
[[nodiscard]] std::string event_line(const Json& event);

}  // namespace shunt::tool
