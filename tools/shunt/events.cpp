#include "events.hpp"

#include "table.hpp"

#include <chrono>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace shunt::tool {

std::string event_line(const Json& event) {
  constexpr std::uint64_t kMsPerSecond = 1000;
  const std::uint64_t at = number_of(event, "at_ms");
  std::string line =
      fmt::format("{:%H:%M:%S}.{:03}", fmt::localtime(static_cast<std::time_t>(at / kMsPerSecond)), at % kMsPerSecond);
  for (const char* member : {"plugin", "version", "route"})
    if (const auto text = text_of(event, member); !text.empty()) line += " " + text;
  if (const auto instance = number_of(event, "instance"); instance > 0) line += fmt::format(" #{}", instance);
  return printable(fmt::format("{} {}: {}", line, text_of(event, "kind"), text_of(event, "text")));
}

}  // namespace shunt::tool
