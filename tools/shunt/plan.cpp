/// plan: the memory that a host.toml needs in the worst case.

#include "commands.hpp"
#include "table.hpp"

#include <shunt/host/plan.hpp>

namespace shunt::tool {
namespace {

/// Whole KiB, rounded up: one unit for all, so that rows can be compared.
std::string kib(std::uint64_t bytes) { return fmt::format("{}", bytes / 1024 + (bytes % 1024 == 0 ? 0 : 1)); }

Json plan_json(const MemoryPlan& plan) {
  Json parts = Json::array();
  for (const PlannedMemory& each : plan.parts)
    parts.push_back({{"owner", each.owner},
                     {"what", each.what},
                     {"shared", each.shared},
                     {"second", each.second},
                     {"bytes", each.bytes},
                     {"made_of", each.made_of}});
  return {{"host", plan.host},
          {"parts", std::move(parts)},
          {"shared_bytes", plan.shared_bytes()},
          {"private_bytes", plan.private_bytes()},
          {"total_bytes", plan.total_bytes()}};
}

void print_plan(const MemoryPlan& plan) {
  Table table{"OWNER", "MEMORY", "KIND", "KIB", "MADE OF"};
  for (const PlannedMemory& each : plan.parts)
    table.add({each.owner + (each.second ? ", a second instance" : ""), each.what, each.shared ? "shared" : "private",
               kib(each.bytes), each.made_of});
  table.print();
  print_line("");
  Table sums{"SHARED KIB", "PRIVATE KIB", "TOTAL KIB"};
  sums.add({kib(plan.shared_bytes()), kib(plan.private_bytes()), kib(plan.total_bytes())});
  sums.print();
}

}  // namespace

Status plan_host(const Options& options) {
  SHUNT_TRY(configuration, read_configuration(options.name));
  SHUNT_TRY(plan, plan_memory(std::move(configuration)));
  if (options.json) print_line(to_line(plan_json(plan)));
  else print_plan(plan);
  return {};
}

}  // namespace shunt::tool
