/// audit: what plugins tried and were denied; or, elsewhere, what there is for the case that calls fail.

#include "commands.hpp"
#include "table.hpp"

#include <chrono>
#include <cstring>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace shunt::tool {
namespace {

std::string time_of(const Json& record, const char* member) {
  constexpr std::uint64_t kMsPerSecond = 1000;
  const std::uint64_t at = number_of(record, member);
  return fmt::format("{:%H:%M:%S}.{:03}", fmt::localtime(static_cast<std::time_t>(at / kMsPerSecond)),
                     at % kMsPerSecond);
}

std::string arguments_of(const Json& record) {
  std::string text;
  for (const Json& each : list_of(record, "arguments"))
    text += fmt::format("{}{:#x}", text.empty() ? "" : " ", each.is_number() ? each.get<std::uint64_t>() : 0);
  return text;
}

}  // namespace

Status show_audit(const Options& options) {
  if (options.coverage) return show_coverage(options);
  Json request{{"command", "audit"}};
  if (!options.name.empty()) request["plugin"] = options.name;
  SHUNT_TRY(answer, ask(options.host, request));
  if (options.json) return print_line(to_line(answer)), Status{};
  Table table{"INSTANCE", "PLUGIN", "PHASE", "CALL", "COUNT", "ANSWER", "FIRST", "LAST", "ARGUMENTS OF THE FIRST"};
  for (const Json& each : list_of(answer, "records"))
    table.add({std::to_string(number_of(each, "instance")), text_of(each, "plugin"), text_of(each, "phase"),
               text_of(each, "call"), std::to_string(number_of(each, "count")),
               std::strerror(static_cast<int>(number_of(each, "answer"))), time_of(each, "first_ms"),
               time_of(each, "last_ms"), arguments_of(each)});
  table.print();
  return {};
}

}  // namespace shunt::tool
