/// audit --coverage: what each function has for the case that a call to it fails.

#include "commands.hpp"
#include "table.hpp"

#include <fmt/format.h>

namespace shunt::tool {
namespace {

/// Of each function: JSON's own names, and whether its fallback is there.
Json coverage_of(const Json& routes) {
  Json functions = Json::array();
  for (const Json& route : routes) {
    if (text_of(route, "kind") != "function") continue;
    functions.push_back({{"route", text_of(route, "route")},
                         {"deadline_ms", route.value("deadline_ms", 0.0)},
                         {"retries", number_of(route, "retries")},
                         {"lts", text_of(route, "lts")},
                         {"lts_problem", text_of(route, "lts_problem")},
                         {"fallback", route.contains("fallbacks")}});
  }
  return functions;
}

std::string lts_of(const Json& function) {
  const std::string lts = text_of(function, "lts"), problem = text_of(function, "lts_problem");
  if (lts.empty()) return "none";
  return problem.empty() ? lts + ", conforms" : lts + ": " + problem;
}

}  // namespace

Status show_coverage(const Options& options) {
  SHUNT_TRY(answer, ask(options.host, {{"command", "ls"}}));
  const Json functions = coverage_of(list_of(answer, "routes"));
  if (options.json) return print_line(to_line(functions)), Status{};
  Table table{"FUNCTION", "DEADLINE", "RETRIES", "LTS", "FALLBACK"};
  std::size_t with_lts = 0, with_fallback = 0;
  for (const Json& each : functions) {
    const std::string lts = text_of(each, "lts");
    const bool fallback = each.value("fallback", false);
    with_lts += lts.empty() || !text_of(each, "lts_problem").empty() ? 0 : 1;
    with_fallback += fallback ? 1 : 0;
    table.add({text_of(each, "route"), fmt::format("{} ms", each.value("deadline_ms", 0.0)),
               std::to_string(number_of(each, "retries")), lts_of(each), fallback ? "yes" : "none"});
  }
  table.print();
  print_line(
      fmt::format("\nOf {} functions {} have an lts and {} a fallback.", functions.size(), with_lts, with_fallback));
  return {};
}

}  // namespace shunt::tool
