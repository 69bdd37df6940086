#include "reload_decision.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace shunt::host {
namespace {

/// Of one part of an interface: name and types, as text that is the same for the same ones.
using Parts = std::map<std::string, std::string, std::less<>>;

std::string text_of(const PayloadType& type) { return fmt::format("{}:{:016x}", type.name, type.schema.value); }

Parts parts_of(const Manifest& manifest) {
  Parts parts;
  for (const DeclaredFunction& each : manifest.functions)
    parts[each.name] = text_of(each.request) + " " + text_of(each.reply);
  // In and out are two parts: who hears a topic and who publishes it are concerned by one of them each.
  for (const DeclaredTopic& each : manifest.topics_in) parts["topic in " + each.name] = text_of(each.type);
  for (const DeclaredTopic& each : manifest.topics_out) parts["topic out " + each.name] = text_of(each.type);
  return parts;
}

void add_missing(const std::vector<std::string>& had, const std::vector<std::string>& wants, std::string_view what,
                 std::vector<std::string>& wider) {
  for (const std::string& each : wants)
    if (std::ranges::find(had, each) == had.end()) wider.push_back(fmt::format("{} {}", what, each));
}

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

ReloadDecision decide_reload(const ReadBuild& serving, const ReadBuild& came, const Callers& callers) {
  if (came.sha256 == serving.sha256) return {ReloadKind::Nothing, {}, "its content has not changed"};
  if (came.manifest.name != serving.manifest.name)
    return {ReloadKind::Refused,
            {},
            fmt::format("the file holds \"{}\" now, and \"{}\" serves from it: give it a file of its own",
                        came.manifest.name, serving.manifest.name)};
  ReloadDecision decision{ReloadKind::Switch, compare_interfaces(serving.manifest, came.manifest), {}};
  for (const std::string& name : decision.change.removed) {
    const auto [first, last] = callers.equal_range(name);
    if (first == last) continue;
    std::vector<std::string> who;
    std::transform(first, last, std::back_inserter(who), [](const auto& each) { return each.second; });
    decision.kind = ReloadKind::Refused;
    decision.text = fmt::format("\"{}\" has gone from {}, and is called by {}: keep it until nobody does", name,
                                came.manifest.name, fmt::join(who, ", "));
    return decision;
  }
  decision.text = described(decision.change);
  return decision;
}

}  // namespace shunt::host
