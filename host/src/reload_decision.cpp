#include "reload_decision.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace shunt::host {
namespace {

constexpr std::string_view kTopicOut = "topic out ";

/// Of one part of an interface: name and types, as text that is the same for the same ones.
using Parts = std::map<std::string, std::string, std::less<>>;

std::string text_of(const PayloadType& type) { return fmt::format("{}:{:016x}", type.name, type.schema.value); }

Parts parts_of(const Manifest& manifest) {
  Parts parts;
  for (const DeclaredFunction& each : manifest.functions)
    parts[each.name] = text_of(each.request) + " " + text_of(each.reply);
  // In and out are two parts: who hears a topic and who publishes it are concerned by one of them each.
  for (const DeclaredTopic& each : manifest.topics_in) parts["topic in " + each.name] = text_of(each.type);
  for (const DeclaredTopic& each : manifest.topics_out) parts[std::string{kTopicOut} + each.name] = text_of(each.type);
  return parts;
}

void add_missing(const std::vector<std::string>& had, const std::vector<std::string>& wants, std::string_view what,
                 std::vector<std::string>& wider) {
  for (const std::string& each : wants)
    if (std::ranges::find(had, each) == had.end()) wider.push_back(fmt::format("{} {}", what, each));
}

/// Empty: nobody.
std::string who_uses(std::string_view part, const Users& users) {
  const auto [first, last] = users.equal_range(part);
  std::vector<std::string_view> who;
  std::transform(first, last, std::back_inserter(who), [](const auto& each) { return std::string_view{each.second}; });
  return fmt::format("{}", fmt::join(who, ", "));
}

std::string_view used_how(std::string_view part) { return part.starts_with(kTopicOut) ? "heard" : "called"; }

std::string described(const InterfaceChange& change) {
  std::vector<std::string> parts;
  const auto add = [&](const std::vector<std::string>& names, std::string_view what) {
    if (!names.empty()) parts.push_back(fmt::format("{} {}", fmt::join(names, ", "), what));
  };
  add(change.added, "came");
  add(change.changed, "changed");
  add(change.removed, "went");
  return parts.empty() ? "the same interface" : fmt::format("{}", fmt::join(parts, "; "));
}

}  // namespace

InterfaceChange compare_interfaces(const Manifest& older, const Manifest& newer) {
  const Parts before = parts_of(older);
  const Parts after = parts_of(newer);
  InterfaceChange change;
  for (const auto& [name, types] : after) {
    const auto found = before.find(name);
    if (found == before.end()) change.added.push_back(name);
    else if (found->second != types) change.changed.push_back(name);
  }
  for (const auto& [name, types] : before)
    if (!after.contains(name)) change.removed.push_back(name);
  return change;
}

std::vector<std::string> wider_permissions(const Manifest& older, const Manifest& newer) {
  std::vector<std::string> wider;
  add_missing(older.permissions.read, newer.permissions.read, "reads", wider);
  add_missing(older.permissions.syscalls, newer.permissions.syscalls, "uses the system call", wider);
  const auto called = [](const Manifest& manifest) {
    std::vector<std::string> names;
    for (const DeclaredCall& each : manifest.calls) names.push_back(each.function);
    return names;
  };
  add_missing(called(older), called(newer), "calls", wider);
  if (newer.workers > older.workers) wider.push_back(fmt::format("{} workers, was {}", newer.workers, older.workers));
  return wider;
}

ReloadDecision decide_reload(const ReadBuild& serving, const ReadBuild& came, const BothWays& compared,
                             const Users& users) {
  if (came.sha256 == serving.sha256) return {.text = "its content has not changed"};
  const auto refused = [](std::string why) {
    return ReloadDecision{.kind = ReloadKind::Refused, .text = std::move(why)};
  };
  const std::string& name = serving.manifest.name;
  if (came.manifest.name != name)
    return refused(fmt::format("the file holds \"{}\" now, and \"{}\" serves from it: give it a file of its own",
                               came.manifest.name, name));
  if (decide(compared.forth.abi, compared.forth.tool_chain, SchemaChange::None) == Compatibility::Refuse)
    return refused(
        fmt::format("{}: let it serve under another name, or build it as the one before", compared.forth.reason));
  ReloadDecision decision{.kind = ReloadKind::Switch, .change = compare_interfaces(serving.manifest, came.manifest)};
  for (const std::string& each : decision.change.removed)
    if (const std::string who = who_uses(each, users); !who.empty())
      return refused(fmt::format("\"{}\" has gone from {}, and is {} by {}: keep it until nobody does", each, name,
                                 used_how(each), who));
  decision.text = described(decision.change);
  if (decision.change.changed.empty()) return decision;
  const bool conforms =
      (compared.forth.decision == Compatibility::InPlace || compared.back == Compatibility::InPlace) &&
      compared.all_known_conform;
  decision.others = conforms ? OtherTypes::Alike : OtherTypes::Beside;
  if (conforms) {
    decision.text += "; what is known by the old types leads to it, too";
    return decision;
  }
  // The old build stays for who calls it, and is not there to go on publishing beside the new one.
  for (const std::string& each : decision.change.changed)
    if (const std::string who = who_uses(each, users); !who.empty() && each.starts_with(kTopicOut))
      return refused(
          fmt::format("\"{}\" has other types, and is heard by {}: publish it under another name as well, "
                      "until nobody does",
                      each, who));
  if (!serving.manifest.state.empty())
    return refused(
        fmt::format("{} has other types, and {} has [state]: the old build, which would stay for those who "
                    "know the old ones, would go on with a state of its own",
                    fmt::join(decision.change.changed, ", "), name));
  decision.text += "; the old build stays for those who know the old types";
  return decision;
}

}  // namespace shunt::host
