#include "declaration.hpp"

#include "checked_table.hpp"
#include "config_keys.hpp"
#include "names.hpp"

#include <shunt/schemas/limits.hpp>
#include <shunt/schemas/manifest.hpp>
#include <shunt/schemas/toml_nesting.hpp>
#include <shunt/schemas/version.hpp>
#include <shunt/schemas/version_range.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <system_error>

namespace shunt::manifest_compiler {
namespace {

/// Runs `read(name, table)` for each entry of a table of tables, in the order of the names.
void each_entry(CheckedTable& parent, const std::string& key, Problems& problems,
                const std::function<void(const std::string&, const toml::node&, const Place&)>& read) {
  const auto* entries = parent.table(key);
  if (entries == nullptr) return;
  if (entries->size() > kFunctionsMax)
    problems.add(parent.place_of(*entries), "{} has {} entries; at most {} are possible.", key, entries->size(),
                 kFunctionsMax);
  for (const auto& [name, node] : *entries) {
    const auto line = name.source().begin.line;
    const Place place{parent.place().file, line == 0 ? parent.place_of(node).line : static_cast<std::uint32_t>(line)};
    read(std::string(name.str()), node, place);
  }
}

void read_plugin(CheckedTable& root, Declaration& declaration, Problems& problems) {
  const auto* node = root.table("plugin");
  if (node == nullptr) {
    problems.add(root.place(), "There is no [plugin] table; it gives name, version, abi and schemas.");
    return;
  }
  declaration.place = root.place_of(*node);
  CheckedTable plugin(*node, "[plugin]", declaration.place, problems);
  declaration.name = plugin.required_string("name", "momentum");
  if (!declaration.name.empty())
    if (const auto why = refuse_name(declaration.name))
      problems.add(plugin.place_of(*node->get("name")), "The plugin's name \"{}\" {}.", declaration.name, *why);

  declaration.version = plugin.required_string("version", "1.4.0");
  if (!declaration.version.empty()) {
    const auto place = plugin.place_of(*node->get("version"));
    const auto version = Version::parse(declaration.version);
    if (!version) problems.add(place, "{}.", version.error().message);
    else if (version->build || version->abi)
      problems.add(place, "\"{}\": leave build hash and abi out of version; the build adds them.", declaration.version);
  }

  const auto abi = plugin.integer("abi");
  if (!abi && node->get("abi") == nullptr) problems.add(declaration.place, "[plugin] needs abi, for example abi = 1.");
  if (abi && (*abi < 0 || *abi > std::numeric_limits<std::uint16_t>::max()))
    problems.add(plugin.place_of(*node->get("abi")), "abi = {} must be 0 to 65535.", *abi);
  else declaration.abi = static_cast<std::uint16_t>(abi.value_or(0));

  for (auto& [file, place] : plugin.strings("schemas")) declaration.schemas.push_back({file, place});
  plugin.refuse_unknown();
}

void read_functions(CheckedTable& root, Declaration& declaration, Problems& problems) {
  each_entry(root, "functions", problems, [&](const std::string& name, const toml::node& node, const Place& place) {
    const auto* table = node.as_table();
    if (table == nullptr)
      return problems.add(place, "{} of [functions] must be a table: [functions.{}] with request and reply.", name,
                          name);
    if (const auto why = refuse_name(name)) problems.add(place, "The function \"{}\" {}.", name, *why);
    CheckedTable entry(*table, "[functions." + name + "]", place, problems);
    Function function{name, entry.required_string("request", "market.Bar"),
                      entry.required_string("reply", "market.Signal"), entry.boolean("idempotent"), place};
    entry.refuse_unknown();
    declaration.functions.push_back(std::move(function));
  });
}

void read_calls(CheckedTable& root, Declaration& declaration, Problems& problems) {
  each_entry(root, "calls", problems, [&](const std::string& name, const toml::node& node, const Place& place) {
    const auto* table = node.as_table();
    if (table == nullptr)
      return problems.add(place, "{} of [calls] must be a table: \"{}\" = {{ request = \"...\", reply = \"...\" }}.",
                          name, name);
    if (const auto why = refuse_call_name(name)) problems.add(place, "\"{}\" in [calls] {}.", name, *why);
    CheckedTable entry(*table, "\"" + name + "\" in [calls]", place, problems);
    Call call{name, entry.string("version").value_or(""), entry.required_string("request", "risk.Order"),
              entry.required_string("reply", "risk.Verdict"), place};
    if (!call.version.empty())
      if (const auto range = VersionRange::parse(call.version); !range)
        problems.add(place, "{}.", range.error().message);
    entry.refuse_unknown();
    declaration.calls.push_back(std::move(call));
  });
}

void read_topics(CheckedTable& topics, const std::string& direction, std::vector<Topic>& into, Problems& problems) {
  const bool in = direction == "in";
  each_entry(topics, direction, problems, [&](const std::string& name, const toml::node& node, const Place& place) {
    Topic topic{name, {}, false, {}, place};
    if (const auto* type = node.as_string()) topic.type = type->get();
    else if (const auto* table = node.as_table(); table != nullptr && table->contains("type")) {
      CheckedTable entry(*table, "\"" + name + "\" in [topics." + direction + "]", place, problems);
      topic.type = entry.required_string("type", "market.Bar");
      if (in) topic.idempotent = entry.boolean("idempotent");
      else if (const auto will = entry.string("last_will")) {
        topic.last_will = *will;
        if (const auto why = refuse_name(*will))
          problems.add(entry.place_of(*table->get("last_will")), "The last will \"{}\" of \"{}\" {}.", *will, name,
                       *why);
      }
      entry.refuse_unknown();
    } else {
      return problems.add(place,
                          "\"{}\" in [topics.{}] must be a type: \"market.bars\" = \"market.Bar\"; a name with dots "
                          "is written in quotes.",
                          name, direction);
    }
    if (const auto why = refuse_topic_name(name))
      problems.add(place, "\"{}\" in [topics.{}] {}.", name, direction, *why);
    into.push_back(std::move(topic));
  });
}

void read_permissions(CheckedTable& root, Declaration& declaration, Problems& problems) {
  const auto* node = root.table("permissions");
  if (node == nullptr) return;
  CheckedTable permissions(*node, "[permissions]", root.place_of(*node), problems);
  for (auto& [path, place] : permissions.strings("read")) {
    if (const auto fits = check_read_path(path); !fits) problems.add(place, "{}.", fits.error().message);
    declaration.read.push_back(path);
  }
  for (auto& [name, place] : permissions.strings("syscalls")) {
    const bool shape = !name.empty() && std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!shape) problems.add(place, "\"{}\" in syscalls is not the name of a system call.", name);
    declaration.syscalls.push_back(name);
  }
  permissions.refuse_unknown();
}

void read_serving(CheckedTable& root, Declaration& declaration, Problems& problems) {
  const auto* node = root.table("serving");
  if (node == nullptr) return;
  CheckedTable serving(*node, "[serving]", root.place_of(*node), problems);
  const auto read = [&](const std::string& key, std::uint32_t& into, std::uint32_t most) {
    const auto number = serving.integer(key);
    if (!number) return;
    if (*number < 1 || *number > most)
      return problems.add(serving.place_of(*node->get(key)), "{} = {} must be 1 to {}.", key, *number, most);
    into = static_cast<std::uint32_t>(*number);
  };
  read("workers", declaration.workers, kWorkersMax);
  read("in_flight_max", declaration.in_flight_max, kHandlersInFlightMax);
  serving.refuse_unknown();
}

std::optional<std::uint32_t> state_number(const std::string& text) {
  std::uint32_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [after, code] = std::from_chars(text.data(), end, number);
  if (code != std::errc{} || after != end || text.front() == '0' || number > kStateVersionMax) return std::nullopt;
  return number;
}

void read_state(CheckedTable& root, Declaration& declaration, Problems& problems) {
  const auto& states = declaration.state;
  each_entry(root, "state", problems, [&](const std::string& key, const toml::node& node, const Place& place) {
    const auto number = state_number(key);
    if (!number)
      return problems.add(place, "\"{}\" in [state] must be a number from 1 to {}: 1 = \"position.State1\".", key,
                          kStateVersionMax);
    const auto* const type = node.as_string();
    if (type == nullptr)
      return problems.add(place, "{} in [state] must be a table's name: {} = \"position.State{}\".", key, key, key);
    if (const auto same = std::ranges::find(states, type->get(), &State::type); same != states.end())
      return problems.add(place, "{} and {} in [state] are both {}: a state of one form needs one number.",
                          same->version, *number, type->get());
    declaration.state.push_back({*number, type->get(), place});
  });
  std::ranges::sort(declaration.state, {}, &State::version);  // they come in the order of their texts
  if (states.size() > kStateVersionsMax)
    problems.add(states.front().place, "[state] has {} versions; at most {} are possible: leave out the oldest.",
                 states.size(), kStateVersionsMax);
}

/// What the contract's class already has.
constexpr std::string_view kTakenMembers[] = {"init",   "validate", "activate", "cleanup",
                                              "health", "log",      "calls",    "ring_room"};

/// Each of these becomes a member of one C++ class; two names may look different and still become one.
void refuse_duplicate_members(const Declaration& declaration, Problems& problems) {
  std::map<std::string, std::string> members;
  for (const auto name : kTakenMembers) members.emplace(name, "what every contract has");
  const auto add = [&](const std::string& member, const std::string& what, const Place& place) {
    const auto [other, added] = members.emplace(member, what);
    if (!added) problems.add(place, "{} and {} would both be \"{}\" in C++; rename one.", what, other->second, member);
  };
  for (const auto& function : declaration.functions)
    add(identifier(function.name), "function \"" + function.name + "\"", function.place);
  for (const auto& topic : declaration.topics_in)
    add("on_" + identifier(topic.name), "topic in \"" + topic.name + "\"", topic.place);
  for (const auto& topic : declaration.topics_out)
    for (const auto* const verb : {"publish_", "publish_batch_", "loan_"})
      add(verb + identifier(topic.name), "topic out \"" + topic.name + "\"", topic.place);

  for (const auto& topic : declaration.topics_out) {
    if (topic.last_will.empty()) continue;
    const auto will = "last will \"" + topic.last_will + "\" of \"" + topic.name + "\"";
    add(identifier(topic.last_will), will, topic.place);
    add("renew_" + identifier(topic.last_will), will, topic.place);
  }

  if (!declaration.state.empty())
    for (const auto* const name : {"snapshot", "restore"})
      add(name, "what a contract with [state] has", declaration.state.front().place);

  for (const auto& key : declaration.config)
    add("Config::" + identifier(key.name), "config key \"" + key.name + "\"", key.place);

  std::map<std::string, std::string> calls;
  for (const auto& call : declaration.calls) {
    const auto [other, added] = calls.emplace(identifier(call.function), call.function);
    if (!added)
      problems.add(call.place, "\"{}\" and \"{}\" would both be calls().{} in C++; rename one.", call.function,
                   other->second, other->first);
  }
}

std::optional<toml::table> parse(const std::string& file, Problems& problems) {
  std::error_code code;
  std::ifstream stream(file, std::ios::binary);
  if (!stream || std::filesystem::is_directory(file, code)) {
    problems.add({file, 0}, "It cannot be read: {}.", std::generic_category().message(stream ? EISDIR : errno));
    return std::nullopt;
  }
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (const auto line = toml_line_nested_too_deeply(text); line > 0) {
    problems.add({file, static_cast<std::uint32_t>(line)}, "Keys inside each other, more than {} deep; write few dots.",
                 kTomlDepthMax);
    return std::nullopt;
  }
  try {
    return toml::parse(text, file);
  } catch (const toml::parse_error& failed) {
    problems.add({file, static_cast<std::uint32_t>(failed.source().begin.line)}, "{}.", failed.description());
    return std::nullopt;
  }
}

}  // namespace

Declaration read_declaration(const std::string& file, Problems& problems) {
  Declaration declaration;
  declaration.file = file;
  const auto parsed = parse(file, problems);
  if (!parsed) return declaration;
  CheckedTable root(*parsed, "plugin.toml", {file, 1}, problems);
  read_plugin(root, declaration, problems);
  read_functions(root, declaration, problems);
  read_calls(root, declaration, problems);
  if (const auto* node = root.table("topics")) {
    CheckedTable topics(*node, "[topics]", root.place_of(*node), problems);
    read_topics(topics, "in", declaration.topics_in, problems);
    read_topics(topics, "out", declaration.topics_out, problems);
    topics.refuse_unknown();
  }
  each_entry(root, "config", problems, [&](const std::string& name, const toml::node& node, const Place& place) {
    if (auto key = read_config_key(name, node, place, problems)) declaration.config.push_back(*std::move(key));
  });
  read_permissions(root, declaration, problems);
  read_serving(root, declaration, problems);
  read_state(root, declaration, problems);
  root.refuse_unknown();
  refuse_duplicate_members(declaration, problems);
  return declaration;
}

}  // namespace shunt::manifest_compiler
