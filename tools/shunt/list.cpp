/// ls and version.

#include "commands.hpp"
#include "table.hpp"

#include <shunt/bus/layout.hpp>

namespace shunt::tool {
namespace {

std::string receivers_of(const Json& route) {
  std::string text;
  for (const Json& each : list_of(route, "receivers")) {
    if (!text.empty()) text += ", ";
    text += text_of(each, "plugin");
    std::string more;
    for (const char* const count : {"waiting", "conflated"})
      if (const auto number = number_of(each, count); number > 0)
        more += fmt::format("{}{} {}", more.empty() ? "" : ", ", number, count);
    if (!more.empty()) text += fmt::format(" ({})", more);
    if (each.value("open", true) == false) text += " (off)";
  }
  if (const auto own = number_of(route, "subscriptions"); own > 0)
    text += fmt::format("{}host ({})", text.empty() ? "" : ", ", own);
  return text.empty() ? "-" : text;
}

/// "3 (2 Signal, 1 Hang)"; ends that no restart followed are counted in the brackets alone.
std::string crashes_of(const Json& plugin) {
  std::string kinds;
  if (const auto counts = plugin.find("crash_kinds"); counts != plugin.end() && counts->is_object())
    for (const auto& [kind, count] : counts->items())
      if (count.is_number_unsigned() && count > 0)
        kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", count.get<std::uint64_t>(), kind);
  const auto crashes = std::to_string(number_of(plugin, "crashes"));
  return kinds.empty() ? crashes : fmt::format("{} ({})", crashes, kinds);
}

/// "Active", or "Active, disabled", "Active, warm" or "Active, shadow"; and, by its own word, "Active, says
/// NotServing".
std::string state_of(const Json& plugin) {
  std::string state = text_of(plugin, "state");
  if (plugin.value("warm", false)) state += ", warm";
  if (plugin.value("shadow", false)) state += ", shadow";
  std::string admission = text_of(plugin, "admission");
  if (!admission.empty() && admission != "Open") {
    admission.front() = static_cast<char>(admission.front() - 'A' + 'a');
    state += ", " + admission;
  }
  const std::string health = text_of(plugin.value("says", Json::object()), "health");
  return health.empty() || health == "Serving" ? state : fmt::format("{}, says {}", state, health);
}

/// Why those say so that do not simply serve.
void print_health(const Json& answer) {
  for (const Json& each : list_of(answer, "plugins")) {
    const Json says = each.value("says", Json::object());
    if (const std::string reason = text_of(says, "health_reason"); !reason.empty())
      print_line(printable(fmt::format("{} says: {}: {}", text_of(each, "plugin"), text_of(says, "health"), reason)));
  }
}

/// "open", or why nothing new goes over it, and how much was turned away.
std::string openness_of(const Json& route) {
  const std::string why = text_of(route, "why_down");
  const std::string text = why.empty() ? "open" : why;
  const auto away = number_of(route, "turned_away");
  return away == 0 ? text : fmt::format("{} ({} turned away)", text, away);
}

/// "41", or "41 (2 deferred)" of a plugin that owes answers.
std::string done_of(const Json& plugin) {
  const auto deferred = number_of(plugin, "deferred");
  const auto done = std::to_string(number_of(plugin, "done"));
  return deferred == 0 ? done : fmt::format("{} ({} deferred)", done, deferred);
}

void print_plugins(const Json& answer) {
  Table table{"PLUGIN",   "VERSION", "STATE",    "INSTANCE", "PID",          "SENT",    "DONE",
              "RECEIVED", "HELD",    "OVER CAP", "LENT",     "SAYS REFUSED", "CRASHES", "TRUST"};
  for (const Json& each : list_of(answer, "plugins")) {
    const auto number = [&](const char* member) { return std::to_string(number_of(each, member)); };
    const auto pid = number_of(each, "pid");
    const Json says = each.value("says", Json::object());
    table.add({text_of(each, "plugin"), text_of(each, "version"), state_of(each), number("instance"),
               pid == 0 ? "-" : std::to_string(pid), number("sent"), done_of(each), number("received"),
               number("held_chunks"), number("over_cap"), number("lent_chunks"),
               std::to_string(number_of(says, "refused")), crashes_of(each), text_of(each, "trust")});
  }
  table.print();
}

void print_routes(const Json& answer) {
  Table table{"ROUTE", "KIND", "TYPES", "IN FLIGHT", "REFUSED", "LATCHED", "RECEIVERS", "STATE"};
  for (const Json& each : list_of(answer, "routes")) {
    const auto reply = text_of(each, "reply");
    const bool function = each.contains("in_flight");
    table.add({text_of(each, "route") + (each.value("earlier", false) ? " (earlier types)" : ""), text_of(each, "kind"),
               text_of(each, "request") + (reply.empty() ? "" : " -> " + reply),
               function ? fmt::format("{} of {}", number_of(each, "in_flight"), number_of(each, "in_flight_max")) : "-",
               function ? std::to_string(number_of(each, "in_flight_refused")) : "-",
               number_of(each, "latched_max") > 0
                   ? fmt::format("{} of {}", number_of(each, "latched"), number_of(each, "latched_max"))
                   : "-",
               receivers_of(each), openness_of(each)});
  }
  table.print();
}

void print_pools(const Json& answer) {
  Table table{"INBOUND POOL", "CHUNKS", "IN USE", "NO CHUNK"};
  for (const Json& each : list_of(answer, "pools")) {
    const auto compartment = text_of(each, "compartment");
    const auto number = [&](const char* member) { return std::to_string(number_of(each, member)); };
    table.add({compartment.empty() ? "(the host's own)" : compartment, number("chunks"), number("in_use"),
               number("no_chunk")});
  }
  table.print();
}

void print_every_last_will(const Json& answer) {
  Table table{"LAST WILL", "PLUGIN", "TOPIC", "BYTES"};
  bool any = false;
  for (const Json& plugin : list_of(answer, "plugins"))
    for (const Json& each : list_of(plugin, "last_wills")) {
      any = true;
      table.add({text_of(each, "last_will"), text_of(plugin, "plugin"), text_of(each, "topic"),
                 std::to_string(number_of(each, "bytes"))});
    }
  if (!any) return;
  print_line("");
  table.print();
}

/// The host's, and what plugins say of theirs.
void print_validators(const Json& answer) {
  Table table{"VALIDATOR OF", "IN", "CHECKED", "REFUSED", "MEAN NS"};
  bool any = false;
  const auto add = [&](const Json& validators, const std::string& where) {
    for (const Json& each : validators) {
      const auto number = [&](const char* member) { return std::to_string(number_of(each, member)); };
      table.add({text_of(each, "type"), where, number("checked"), number("refused"), number("mean_ns")});
      any = true;
    }
  };
  add(list_of(answer, "validators"), "the host");
  for (const Json& plugin : list_of(answer, "plugins"))
    add(list_of(plugin.value("says", Json::object()), "validators"),
        fmt::format("{} #{}, by its word", text_of(plugin, "plugin"), number_of(plugin, "instance")));
  if (!any) return;
  print_line("");
  table.print();
}

/// What was lost on its way out before it came to a bridge stands with the route: `shunt inspect` has it.
void print_bridges(const Json& answer) {
  Table table{"OPEN TOPIC",    "BRIDGE", "SCHEMA",  "SAYS SENT", "NO MEMORY", "UNCONNECTED",
              "SAYS RECEIVED", "LOST",   "REFUSED", "READERS",   "WRITERS"};
  std::string states;
  for (const Json& bridge : list_of(answer, "plugins")) {
    if (!bridge.value("bridge", false)) continue;
    const std::string state = text_of(bridge.value("says", Json::object()), "state");
    states += fmt::format("\n{} says: {}", text_of(bridge, "plugin"), state.empty() ? "nothing yet" : state);
    for (const Json& topic : list_of(bridge, "open_topics")) {
      const Json says = topic.value("says", Json::object());
      const auto number = [&](const char* member) { return std::to_string(number_of(says, member)); };
      const bool knows_others = text_of(bridge, "plugin") == "bridge:dds";
      table.add({text_of(topic, "topic"), text_of(bridge, "plugin"), text_of(topic, "schema"), number("sent"),
                 number("no_memory"), number("unconnected"), number("received"), number("lost"), number("refused"),
                 knows_others ? number("readers") : "-", knows_others ? number("writers") : "-"});
      if (number_of(says, "wrong_schema") > 0)
        states += fmt::format("\n{} says: {} of {} were of schema {} and not of {}", text_of(bridge, "plugin"),
                              number("wrong_schema"), text_of(topic, "topic"), text_of(says, "other_schema"),
                              text_of(topic, "schema"));
    }
  }
  if (states.empty()) return;
  print_line(states + "\n");
  table.print();
}

}  // namespace

Status list_host(const Options& options) {
  SHUNT_TRY(answer, ask(options.host, {{"command", "ls"}}));
  if (options.json) return print_line(to_line(answer)), Status{};
  print_line(fmt::format("host {}, {} calls in flight, route table {}\n", printable(text_of(answer, "host")),
                         number_of(answer, "in_flight"), number_of(answer, "epoch")));
  print_plugins(answer);
  print_health(answer);
  print_line("");
  print_routes(answer);
  print_line("");
  print_pools(answer);
  print_every_last_will(answer);
  print_validators(answer);
  print_bridges(answer);
  return {};
}

Status tell_version(const Options& options) {
  Json answer{{"version", SHUNT_VERSION}, {"layout", bus::kLayoutVersion}};
  const auto host = ask(options.host, {{"command", "version"}});
  const bool is_named = !options.host.socket.empty() || !options.host.config.empty();
  const bool is_silent = !host && host.error().code == ErrorCode::DeadlineExceeded;
  if (!host && (is_named || is_silent)) return tl::make_unexpected(host.error());
  if (host) answer["host"] = *host;
  if (options.json) return print_line(to_line(answer)), Status{};
  print_line(fmt::format("shunt {} (lane layout {})", SHUNT_VERSION, bus::kLayoutVersion));
  if (host)
    print_line(printable(fmt::format("host {}: {} (lane layout {}), pid {}", text_of(*host, "host"),
                                     text_of(*host, "version"), number_of(*host, "layout"), number_of(*host, "pid"))));
  return {};
}

}  // namespace shunt::tool
