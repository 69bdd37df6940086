/// switch, clock, and stop, restart, drain, disable and enable for a plugin, a route or everything.

#include "commands.hpp"
#include "table.hpp"

namespace shunt::tool {
namespace {

/// As long as plugins take. One question that takes no work comes first: a host that stands still is not waited for.
Result<Json> tell(const Options& options, const Json& request) {
  SHUNT_TRY(host, HostConnection::open(options.host));
  if (const auto lives = host.ask({{"command", "version"}}); !lives) return tl::make_unexpected(lives.error());
  return host.wait_for(request);
}

/// "everything", "momentum", "momentum/signal"
std::string subject_of(const Options& options) { return options.everything ? "everything" : options.name; }

/// Tells the host, which may take --timeout for it, and prints what is so now.
Status tell(const Options& options, const char* command, bool takes_time, const std::string& now) {
  Json request{{"command", command}};
  if (options.everything) request["everything"] = true;
  else request["name"] = options.name;
  if (takes_time && options.host.timeout_given)
    request["timeout_ms"] = std::chrono::milliseconds{options.host.timeout}.count();
  SHUNT_TRY(answer, tell(options, request));
  if (options.json) {
    Json line{{"done", command}};
    line.update(answer);
    return print_line(to_line(line)), Status{};
  }
  std::string sentence = fmt::format("{} {}", subject_of(options), now);
  // What the command does not change and its reader may not expect.
  const std::string admission = text_of(answer, "admission");
  const std::string state = text_of(answer, "state");
  if (command == std::string_view{"restart"} && !admission.empty() && admission != "Open")
    sentence = fmt::format("{} was restarted, and gets nothing new: see `shunt enable`", subject_of(options));
  if (command == std::string_view{"enable"} && (state == "Stopped" || state == "Quarantined" || admission == "Stopped"))
    sentence += ", and is stopped: see `shunt restart`";
  if (command == std::string_view{"enable"})
    for (const Json& each : list_of(answer, "routes_off"))
      if (each.is_string())
        sentence += fmt::format("; {0} stays off by its own name: see `shunt inspect {0}`", each.get<std::string>());
  print_line(printable(sentence));
  return {};
}

}  // namespace

Status switch_plugins(const Options& options) {
  if (options.more.size() % 2 != 0)
    return error(ErrorCode::BadInput, "\"{}\" has no version: say PLUGIN VERSION for each", options.more.back());
  Json to = Json::array({{{"plugin", options.name}, {"version", options.version}}});
  for (std::size_t i = 0; i < options.more.size(); i += 2)
    to.push_back({{"plugin", options.more[i]}, {"version", options.more[i + 1]}});
  SHUNT_TRY(answer, tell(options, {{"command", "switch"}, {"to", to}}));
  for (const Json& each : to) {
    const std::string plugin = text_of(each, "plugin");
    if (options.json) print_line(to_line({{"done", "switch"}, {"plugin", plugin}}));
    else print_line(fmt::format("{} {} serves", plugin, text_of(each, "version")));
  }
  return {};
}

Status advance_clock(const Options& options) {
  Json request{{"command", "clock"}, {"plugin", options.name}, {"by", options.text}};
  if (options.host.timeout_given) request["timeout_ms"] = std::chrono::milliseconds{options.host.timeout}.count();
  SHUNT_TRY(answer, tell(options, request));
  if (options.json) {
    Json line{{"done", "clock"}, {"plugin", options.name}};
    line.update(answer);
    return print_line(to_line(line)), Status{};
  }
  print_line(fmt::format("the clock of {} stands at {} ns; its timers ran {} times, by its word", options.name,
                         number_of(answer, "now_ns"), number_of(answer.value("says", Json::object()), "fired")));
  return {};
}

Status stop_scope(const Options& options) { return tell(options, "stop", true, "is stopped"); }
Status restart_scope(const Options& options) { return tell(options, "restart", true, "serves again"); }
Status drain_scope(const Options& options) { return tell(options, "drain", true, "is drained"); }
Status disable_scope(const Options& options) { return tell(options, "disable", false, "is disabled"); }
Status enable_scope(const Options& options) { return tell(options, "enable", false, "is enabled"); }

}  // namespace shunt::tool
