/// route: who gets what goes over a route, and in which parts.

#include "commands.hpp"
#include "table.hpp"

#include <charconv>
#include <map>

namespace shunt::tool {
namespace {

/// "12.5 %"
std::string percent(double share) { return fmt::format("{:.4g} %", share * 100); }

std::string state_of(const Json& receiver) {
  if (!receiver.value("up", true)) return "down";
  return receiver.value("open", true) ? "up" : "off";
}

void print_shares(const Json& route) {
  Table table{"PLUGIN", "VERSION", "SEAT", "SHARE", "STATE", "WAITING", "DROPPED", "REFUSED", "UNKNOWN"};
  for (const Json& each : list_of(route, "receivers")) {
    const auto number = [&](const char* member) { return std::to_string(number_of(each, member)); };
    table.add({text_of(each, "plugin"), text_of(each, "version"), number("seat"), percent(each.value("share", 1.0)),
               state_of(each), number("waiting"), number("dropped"), number("refused"), number("unknown")});
  }
  table.print();
}

/// "1.5.0=20" and "1.5.0=off".
Result<Json> target_of(const std::string& text) {
  const auto equals = text.rfind('=');
  const std::string value = equals == std::string::npos ? std::string{} : text.substr(equals + 1);
  std::uint32_t weight = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), weight);
  const bool is_number = problem == std::errc{} && end == value.data() + value.size();
  if (equals == 0 || equals == std::string::npos || (!is_number && value != "off"))
    return error(ErrorCode::BadInput, "\"{}\": VERSION=WEIGHT is meant, such as 1.5.0=20, or 1.5.0=off", text);
  return Json{{"version", text.substr(0, equals)}, {"weight", weight}, {"on", is_number}};
}

}  // namespace

Status route_messages(const Options& options) {
  if (!options.more.empty() || options.reset) {
    if (!options.more.empty() && options.reset)
      return error(ErrorCode::BadInput, "--reset stands without weights: it leads all to the version that serves");
    Json request{{"command", "share"}, {"route", options.name}, {"targets", Json::array()}};
    if (!options.plugin.empty()) request["plugin"] = options.plugin;
    for (const std::string& each : options.more) {
      SHUNT_TRY(target, target_of(each));
      request["targets"].push_back(target);
    }
    SHUNT_TRY(host, HostConnection::open(options.host));
    if (const auto lives = host.ask({{"command", "version"}}); !lives) return tl::make_unexpected(lives.error());
    SHUNT_TRY(answer, host.wait_for(request));
  }
  SHUNT_TRY(route, ask(options.host, {{"command", "inspect"}, {"name", options.name}}));
  if (!route.contains("route"))
    return error(ErrorCode::NoSuchRoute, "\"{}\" is no route: say plugin/function or a topic, as `shunt ls` has them",
                 options.name);
  if (options.json) return print_line(to_line(route)), Status{};
  print_shares(route);
  return {};
}

}  // namespace shunt::tool
