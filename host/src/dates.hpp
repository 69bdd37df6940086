#pragma once
/// Days as people write them: "2027-12-31", in UTC.

#include <shunt/schemas/result.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace shunt {

/// Errors: BadInput.
Result<std::chrono::sys_days> parse_day(std::string_view text);

std::string to_string(std::chrono::sys_days day);

}  // namespace shunt
