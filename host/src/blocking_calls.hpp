#pragma once
/// Functions of the C library that may keep a handler waiting, among what an object calls in others.
///
/// Advice and no protection: whoever wants to hide a call does. What a plugin may do, its sandbox decides.

#include <span>
#include <string>
#include <vector>

namespace shunt {

/// Those of `undefined` that block, in its order.
[[nodiscard]] std::vector<std::string> blocking_calls(std::span<const std::string> undefined);

}  // namespace shunt
