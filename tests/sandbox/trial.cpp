#include "trial.hpp"

#include "hostile_client.hpp"

#include <shunt/host.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace shunt::test {
namespace {

using hostile::Act;
using hostile::Stop;
using namespace std::chrono_literals;

constexpr std::chrono::seconds kPatience{30};

std::string launcher_of(Tier tier) {
  switch (tier) {
    case Tier::Full: return LAUNCHER;
    case Tier::WithoutNamespaces: return LAUNCHER_WITHOUT_NAMESPACES;
    case Tier::WithoutListener: return LAUNCHER_WITHOUT_LISTENER;
  }
  return {};
}

HostConfiguration configuration_for(Tier tier) {
  HostConfiguration configuration;
  configuration.launcher = launcher_of(tier);
  configuration.trust.allow_unsigned = true;
  PluginConfiguration plugin;
  plugin.path = HOSTILE_PLUGIN;
  plugin.wait = bus::Wait::Sleep;
  plugin.sandbox.denials = 1'000'000;
  plugin.deadlines.load = kPatience;
  plugin.restart.crashes_max = 1000;
  plugin.restart.delay_max = plugin.restart.delay_first;
  configuration.plugins.push_back(plugin);
  return configuration;
}

/// Records counted by the calls that were denied: an act is audited when their sum has grown.
std::uint64_t denials(Host& host) {
  std::uint64_t sum = 0;
  for (const AuditRecord& each : host.audit()) sum += each.count;
  return sum;
}

/// Told in a moment, or not at all.
bool was_recorded(Host& host, std::uint64_t before) {
  const auto until = std::chrono::steady_clock::now() + 2s;
  while (denials(host) <= before) {
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

Attempt try_one(Host& host, ::hostile::Client& client, const Act& act, const ActStage& stage, bool recorded) {
  Attempt attempt{.act = &act};
  const auto before = denials(host);
  const auto events = host.events();
  const auto seen = events.empty() ? 0 : events.back().number;
  const auto outcome = client.act(
      [&](auto& build) {
        const auto name = build.CreateString(act.name.data(), act.name.size());
        const auto folder = build.CreateString(stage.folder());
        return ::hostile::CreateOrder(build, name, folder, stage.stranger());
      },
      {.deadline = kPatience});
  if (outcome) {
    attempt.stopped_by = (*outcome)->stopped_by();
    if (recorded) attempt.audited = was_recorded(host, before);
  } else {
    attempt.killed = died_of_bad_call(host, seen);
    attempt.stopped_by = attempt.killed ? 0 : EIO;
  }
  return attempt;
}

bool is_recorded(Stop stop) { return stop == Stop::Denied || stop == Stop::Limit; }

std::optional<int> error_of(Stop stop) {
  switch (stop) {
    case Stop::Denied:
    case Stop::Silent: return ENOSYS;
    case Stop::Limit: return EAGAIN;
    case Stop::NoMemory: return ENOMEM;
    case Stop::Sealed: return EACCES;
    case Stop::NoHandle: return EBADF;
    case Stop::Killed: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(Tier tier) {
  switch (tier) {
    case Tier::Full: return "full";
    case Tier::WithoutNamespaces: return "without namespaces";
    case Tier::WithoutListener: return "without listener";
  }
  return "?";
}

std::vector<Attempt> try_acts(Tier tier, const ActStage& stage) {
  auto host = Host::start(configuration_for(tier));
  if (!host) throw std::runtime_error(to_string(host.error()));
  auto client = host->client<::hostile::Client>().value();
  std::vector<Attempt> attempts;
  const auto early =
      client.tried_early([](auto& build) { return ::hostile::CreateNothing(build); }, {.deadline = kPatience});
  if (!early) throw std::runtime_error(to_string(early.error()));
  const auto records = host->audit();
  for (flatbuffers::uoffset_t i = 0; i < (*early)->acts()->size(); ++i)
    attempts.push_back(
        {.act = hostile::find_act((*early)->acts()->Get(i)->string_view()),
         .moment = Moment::Loading,
         .stopped_by = (*early)->stopped_by()->Get(i),
         .audited = std::ranges::any_of(records, [](const auto& each) { return each.phase == "Load"; })});
  hostile::for_each_act([&](const Act& act) {
    const Stop stop = expected_stop(act, tier, Moment::Serving);
    const bool recorded = tier != Tier::WithoutListener && is_recorded(stop);
    attempts.push_back(try_one(*host, client, act, stage, recorded));
  });
  return attempts;
}

Stop expected_stop(const Act& act, Tier tier, Moment moment) {
  // The kit's own thread is the only one while a plugin is loaded, where somebody judges.
  const bool only_one = moment == Moment::Loading && tier != Tier::WithoutListener;
  return only_one && act.stop == Stop::Limit ? Stop::Denied : act.stop;
}

std::optional<std::string> Attempt::surprise(Tier tier) const {
  if (escaped()) return fmt::format("{} succeeded", act->name);
  const Stop stop = expected_stop(*act, tier, moment);
  if (killed != (stop == Stop::Killed))
    return fmt::format("{} {} the plugin", act->name, killed ? "ended" : "did not end");
  // Where nobody judges, calls that loading needs get as far as the empty root and Landlock.
  if (tier == Tier::WithoutListener) return std::nullopt;
  if (const auto expected = error_of(stop); expected && *expected != stopped_by)
    return fmt::format("{} was stopped by {}, not by {}", act->name, std::strerror(stopped_by),
                       std::strerror(*expected));
  if (moment == Moment::Serving && is_recorded(stop) && !audited) return fmt::format("{} left no record", act->name);
  return std::nullopt;
}

}  // namespace shunt::test
