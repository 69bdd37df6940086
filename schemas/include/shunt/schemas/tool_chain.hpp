#pragma once
/// The compiler that made a plugin, as its build names it: "GNU 12.2.0".
///
///     SHUNT_TRY(tool_chain, ToolChain::parse("GNU 12.2.0"));

#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shunt {

struct ToolChain {
  std::string name;                    ///< As CMake calls the compiler: "GNU", "Clang".
  std::vector<std::uint32_t> version;  ///< {12, 2, 0}

  /// A name of letters, digits, '_', '-' and '+', one space, and numbers below 2^32 joined by dots; at most
  /// kNameBytesMax in all. Errors: BadInput.
  static Result<ToolChain> parse(std::string_view text);

  friend bool operator==(const ToolChain&, const ToolChain&) = default;
};

/// The text that parse() reads back to an equal value.
std::string to_string(const ToolChain& tool_chain);

}  // namespace shunt
