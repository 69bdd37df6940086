/// doctor: what this machine lets a plugin be confined by.

#include "commands.hpp"
#include "table.hpp"

#include <shunt/host/configuration.hpp>
#include <shunt/host/doctor.hpp>

namespace shunt::tool {
namespace {

void print_layers(const std::vector<SandboxLayer>& layers) {
  Table table{"LAYER", "WANTED", "APPLIED", "HOW"};
  for (const SandboxLayer& each : layers) table.add({each.name, each.wanted, each.applied ? "yes" : "no", each.detail});
  table.print();
  for (const SandboxLayer& each : layers) {
    if (each.applied) continue;
    print_line(fmt::format("\n{}: lost is {}.", each.name, each.lost));
    if (!each.cure.empty()) print_line(fmt::format("  To get it: {}.", each.cure));
  }
}

}  // namespace

Status examine(const Options& options) {
  std::filesystem::path launcher;
  bool require_full = false;
  if (!options.host.config.empty()) {
    SHUNT_TRY(configuration, read_configuration(options.host.config));
    launcher = configuration.launcher;
    require_full = configuration.sandbox_required == SandboxRequired::Full;
  }
  SHUNT_TRY(layers, examine_sandbox(launcher));
  bool full = true;
  for (const SandboxLayer& each : layers) full = full && each.applied;
  if (options.json) {
    Json list = Json::array();
    for (const SandboxLayer& each : layers)
      list.push_back({{"layer", each.name},
                      {"wanted", each.wanted},
                      {"applied", each.applied},
                      {"detail", each.detail},
                      {"lost", each.lost},
                      {"cure", each.cure}});
    print_line(to_line({{"sandbox", full ? "full" : "best"}, {"layers", list}}));
  } else {
    print_layers(layers);
    print_line(full ? "\nThe sandbox is full."
                    : "\nThe sandbox is not full: sandbox.require = \"full\" would start nothing.");
  }
  if (require_full && !full)
    return error(ErrorCode::BadConfiguration, "{} requires the full sandbox, which cannot be had here",
                 options.host.config.string());
  return {};
}

}  // namespace shunt::tool
