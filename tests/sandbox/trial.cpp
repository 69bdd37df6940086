#include "trial.hpp"

#include "early_stage.hpp"
#include "hostile_client.hpp"

#include <shunt/host.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace shunt::test {
namespace {

using hostile::Act;
using namespace std::chrono_literals;

constexpr std::chrono::seconds kPatience{30};
constexpr const char* kMark = "shunt: stage of hostile acts";

std::string launcher_of(Tier tier) {
  switch (tier) {
    case Tier::Full: return LAUNCHER;
    case Tier::WithoutNamespaces: return LAUNCHER_WITHOUT_NAMESPACES;
    case Tier::WithoutListener: return LAUNCHER_WITHOUT_LISTENER;
  }
  return {};
}

template <std::size_t kSize>
void put(std::array<char, kSize>& place, std::string_view text) {
  if (text.size() >= kSize) throw std::runtime_error("too long for a plugin to be told: " + std::string{text});
  std::copy(text.begin(), text.end(), place.begin());
}

/// A copy of the plugin that finds this stage while it is loaded. `only`: the one act that it tries then.
std::string plugin_for(const ActStage& stage, std::string_view only) {
  std::ifstream original{HOSTILE_PLUGIN, std::ios::binary};
  std::string bytes{std::istreambuf_iterator<char>{original}, {}};
  const auto at = bytes.find(kMark);
  if (at == std::string::npos || bytes.find(kMark, at + 1) != std::string::npos)
    throw std::runtime_error("the hostile plugin has not one place for its stage");
  EarlyStage early{};
  put(early.mark, kMark);
  put(early.folder, stage.folder());
  put(early.only, only);
  early.stranger = stage.stranger();
  early.strangers_descriptor = stage.strangers_descriptor();
  std::memcpy(bytes.data() + at, &early, sizeof(early));
  std::string copy = stage.folder() + "/hostile" + std::string{only} + ".so";
  std::ofstream{copy, std::ios::binary} << bytes;
  return copy;
}

HostConfiguration configuration_for(Tier tier, std::string plugin_file) {
  HostConfiguration configuration;
  configuration.launcher = launcher_of(tier);
  configuration.trust.allow_unsigned = true;
  PluginConfiguration plugin;
  plugin.path = std::move(plugin_file);
  plugin.wait = bus::Wait::Sleep;
  plugin.sandbox.denials = 1'000'000;
  plugin.deadlines.load = kPatience;
  plugin.restart.crashes_max = 1000;
  plugin.restart.delay_max = plugin.restart.delay_first;
  configuration.plugins.push_back(plugin);
  return configuration;
}

/// How often a call of this act was denied in this phase.
std::uint64_t denials(Host& host, const Act& act, std::string_view phase) {
  std::uint64_t sum = 0;
  for (const AuditRecord& each : host.audit())
    if (each.phase == phase && hostile::is_recorded_as(act, each.call)) sum += each.count;
  return sum;
}

/// Of what is expected to be: told in a moment, or not at all.
bool was_recorded(Host& host, const Act& act, std::string_view phase, std::uint64_t before) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (denials(host, act, phase) <= before) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

bool died_of_bad_call(Host& host, std::uint64_t seen) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < until) {
    for (const HostEvent& event : host.events(seen))
      if (event.kind == HostEventKind::Ended) return event.text.find("signal 31") != std::string::npos;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

Attempt try_one(Host& host, ::hostile::Client& client, const Act& act, Tier tier, const ActStage& stage) {
  Attempt attempt{.act = &act, .tier = tier};
  const auto before = denials(host, act, "Activate");
  const auto events = host.events();
  const auto seen = events.empty() ? 0 : events.back().number;
  const auto outcome = client.act(
      [&](auto& build) {
        const auto name = build.CreateString(act.name.data(), act.name.size());
        const auto folder = build.CreateString(stage.folder());
        return ::hostile::CreateOrder(build, name, folder, stage.stranger(), stage.strangers_descriptor());
      },
      {.deadline = kPatience});
  if (outcome) {
    attempt.stopped_by = (*outcome)->stopped_by();
    if (expectation_of(act, tier, Moment::Serving).recorded)
      attempt.audited = was_recorded(host, act, "Activate", before);
  } else {
    attempt.killed = died_of_bad_call(host, seen);
    attempt.stopped_by = attempt.killed ? 0 : EIO;
  }
  return attempt;
}

/// All that a constructor has done: of each call as many were denied as acts made it, or more.
std::vector<Attempt> early_attempts(Host& host, ::hostile::Client& client, Tier tier) {
  const auto early =
      client.tried_early([](auto& build) { return ::hostile::CreateNothing(build); }, {.deadline = kPatience});
  if (!early) throw std::runtime_error(to_string(early.error()));
  std::vector<Attempt> attempts;
  for (flatbuffers::uoffset_t i = 0; i < (*early)->acts()->size(); ++i)
    attempts.push_back({.act = hostile::find_act((*early)->acts()->Get(i)->string_view()),
                        .tier = tier,
                        .moment = Moment::Loading,
                        .stopped_by = (*early)->stopped_by()->Get(i)});
  for (Attempt& attempt : attempts) {
    if (!expectation_of(*attempt.act, tier, Moment::Loading).recorded) continue;
    const auto of_same_calls =
        std::ranges::count_if(attempts, [&](const Attempt& each) { return each.act->calls == attempt.act->calls; });
    attempt.audited = was_recorded(host, *attempt.act, "Load", static_cast<std::uint64_t>(of_same_calls) - 1);
  }
  return attempts;
}

/// An act that ends its process ends the start, and takes a plugin to itself.
Attempt try_fatal_early(const Act& act, Tier tier, const ActStage& stage) {
  const auto host = Host::start(configuration_for(tier, plugin_for(stage, act.name)));
  Attempt attempt{.act = &act, .tier = tier, .moment = Moment::Loading};
  attempt.killed = !host && to_string(host.error()).find("signal 31") != std::string::npos;
  if (!host && !attempt.killed) attempt.stopped_by = EIO;
  return attempt;
}

}  // namespace

std::vector<Attempt> try_acts(Tier tier, const ActStage& stage) {
  auto host = Host::start(configuration_for(tier, plugin_for(stage, {})));
  if (!host) throw std::runtime_error(to_string(host.error()));
  auto client = host->client<::hostile::Client>().value();
  auto attempts = early_attempts(*host, client, tier);
  hostile::for_each_act([&](const Act& act) {
    if (act.stop == hostile::Stop::Killed) attempts.push_back(try_fatal_early(act, tier, stage));
    attempts.push_back(try_one(*host, client, act, tier, stage));
  });
  return attempts;
}

std::string Attempt::outcome() const {
  if (escaped()) return "ESCAPED";
  if (killed) return "SIGSYS";
  return stopped_by == EIO ? "its plugin died" : name_of_error(stopped_by);
}

std::optional<std::string> Attempt::surprise() const {
  if (escaped()) return fmt::format("{} succeeded", act->name);
  const Expectation expected = expectation_of(*act, tier, moment);
  if (killed ? !expected.errors.empty() : !expected.allows(stopped_by))
    return fmt::format("{} came to {}, not to {}", act->name, outcome(), to_string(expected));
  if (expected.recorded && !audited) return fmt::format("{} left no record that names {}", act->name, act->calls);
  return std::nullopt;
}

}  // namespace shunt::test
