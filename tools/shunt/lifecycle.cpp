/// switch, stop and restart.

#include "commands.hpp"

namespace shunt::tool {
namespace {

Status tell(const Options& options, const Json& request, const std::string& sentence) {
  SHUNT_TRY(answer, wait_for(options.host, request));
  if (options.json) print_line(to_line({{"done", request["command"]}, {"plugin", options.name}}));
  else print_line(sentence);
  return {};
}

}  // namespace

Status switch_plugin(const Options& options) {
  return tell(options, {{"command", "switch"}, {"plugin", options.name}, {"version", options.version}},
              fmt::format("{} {} serves", options.name, options.version));
}

Status stop_plugin(const Options& options) {
  return tell(options, {{"command", "stop"}, {"plugin", options.name}}, options.name + " is stopped");
}

Status restart_plugin(const Options& options) {
  return tell(options, {{"command", "restart"}, {"plugin", options.name}}, options.name + " serves again");
}

}  // namespace shunt::tool
