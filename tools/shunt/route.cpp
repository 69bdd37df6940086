/// route: who gets what goes over a route, and in which parts.

#include "commands.hpp"
#include "table.hpp"
#include "wishes.hpp"

#include <charconv>
#include <utility>
#include <vector>

namespace shunt::tool {
namespace {

/// "12.5 %"
std::string percent(double share) { return fmt::format("{:.4g} %", share * 100); }

std::string state_of(const Json& receiver) {
  if (!receiver.value("up", true)) return "down";
  return receiver.value("open", true) ? "up" : "off";
}

void add_shares(Table& table, const Json& route, const std::vector<std::string>& first) {
  for (const Json& each : list_of(route, "receivers")) {
    const auto number = [&](const char* member) { return std::to_string(number_of(each, member)); };
    std::vector<std::string> row = first;
    for (const std::string& cell :
         {text_of(each, "plugin"), text_of(each, "version"), number("seat"), percent(each.value("share", 1.0)),
          state_of(each), number("waiting"), number("dropped"), number("refused"), number("unknown")})
      row.push_back(cell);
    table.add(std::move(row));
  }
}

void print_shares(const Json& route) {
  Table table{"PLUGIN", "VERSION", "SEAT", "SHARE", "STATE", "WAITING", "DROPPED", "REFUSED", "UNKNOWN"};
  add_shares(table, route, {});
  table.print();
}

/// The same of every route whose name begins so.
Status print_all_shares(const Options& options) {
  SHUNT_TRY(all, ask(options.host, {{"command", "ls"}}));
  Table table{"ROUTE", "PLUGIN", "VERSION", "SEAT", "SHARE", "STATE", "WAITING", "DROPPED", "REFUSED", "UNKNOWN"};
  const std::string begin = options.name.substr(0, options.name.size() - 1);
  const bool functions = begin.find('/') != std::string::npos;
  for (const Json& route : list_of(all, "routes")) {
    const std::string name = text_of(route, "route");
    if (!name.starts_with(begin) || functions != (name.find('/') != std::string::npos)) continue;
    if (options.json) print_line(to_line(route));
    else add_shares(table, route, {name});
  }
  if (!options.json) table.print();
  return {};
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

std::string joined(const Json& texts) {
  std::string result;
  for (const Json& each : texts) result += (result.empty() ? "" : ", ") + each.get<std::string>();
  return result;
}

void add_explanation(Table& table, const Json& plugin) {
  const std::string name = text_of(plugin, "plugin");
  for (const Json& rule : list_of(plugin, "rules")) {
    const std::string suit = joined(list_of(rule, "suit"));
    const bool required = rule.value("required", false);
    table.add({name, text_of(rule, "rule") + (required ? ", required" : ""),
               !suit.empty() ? suit
               : required    ? "nobody: it fails with NoSuchVersion"
                             : "nobody: passed over"});
  }
  for (const Json& seat : list_of(plugin, "seats"))
    table.add({name, plugin.value("by_key", false) ? "its key" : "weights",
               fmt::format("{} in seat {}: {}", text_of(seat, "version"), number_of(seat, "seat"),
                           percent(seat.value("share", 1.0)))});
}

Status explain_route(const Options& options) {
  if (!options.more.empty() || options.reset)
    return error(ErrorCode::BadInput, "--explain changes nothing: leave out the weights and --reset");
  Json request{{"command", "explain"}, {"route", options.name}};
  add_wishes(request, options);
  SHUNT_TRY(explanation, ask(options.host, request));
  if (options.json) return print_line(to_line(explanation)), Status{};
  Table table{"PLUGIN", "RULE", "WHO SUITS"};
  for (const Json& plugin : list_of(explanation, "plugins"))
    if (options.plugin.empty() || text_of(plugin, "plugin") == options.plugin) add_explanation(table, plugin);
  table.print();
  return {};
}

/// "97.3 %", of calls that count; "-" where there are none.
std::string success_of(const Json& window) {
  const auto calls = number_of(window, "calls");
  if (calls == 0) return "-";
  const auto thousandths = (calls - number_of(window, "failed") - number_of(window, "slow")) * 1000 / calls;
  return fmt::format("{}.{} %", thousandths / 10, thousandths % 10);
}

Status print_windows(const Options& options) {
  if (!options.more.empty() || options.reset)
    return error(ErrorCode::BadInput, "--windows changes nothing: leave out the weights and --reset");
  SHUNT_TRY(route, ask(options.host, {{"command", "inspect"}, {"name", options.name}}));
  if (!route.contains("route"))
    return error(ErrorCode::NoSuchRoute, "\"{}\" is no route: say plugin/function, as `shunt ls` has them",
                 options.name);
  const Json breakers = list_of(route, "breakers");
  if (breakers.empty())
    return error(ErrorCode::BadInput, "\"{}\" has no breaker: set its `lts` in host.toml", options.name);
  if (options.json) return print_line(to_line(breakers)), Status{};
  Table table{"VERSION", "STATE", "LTS", "BEGAN", "CALLS", "FAILED", "SLOW", "SUCCEEDED"};
  for (const Json& breaker : breakers)
    for (const Json& window : list_of(breaker, "windows"))
      table.add({text_of(breaker, "version"), text_of(breaker, "state"), text_of(breaker, "lts"),
                 fmt::format("-{} ms", number_of(window, "began_ms")), std::to_string(number_of(window, "calls")),
                 std::to_string(number_of(window, "failed")), std::to_string(number_of(window, "slow")),
                 success_of(window)});
  table.print();
  return {};
}

}  // namespace

Status route_messages(const Options& options) {
  if (options.explain) return explain_route(options);
  if (options.windows) return print_windows(options);
  if (!options.hints.empty() || options.message_key)
    return error(ErrorCode::BadInput, "--hints and --key are a message's, and stand beside --explain");
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
  if (options.name.ends_with('*')) return print_all_shares(options);
  SHUNT_TRY(route, ask(options.host, {{"command", "inspect"}, {"name", options.name}}));
  if (!route.contains("route"))
    return error(ErrorCode::NoSuchRoute, "\"{}\" is no route: say plugin/function or a topic, as `shunt ls` has them",
                 options.name);
  if (options.json) return print_line(to_line(route)), Status{};
  print_shares(route);
  return {};
}

}  // namespace shunt::tool
