#pragma once
/// A storm in which processes kill themselves at a step of a message, named in steps.hpp.
///
///     const KillAt plan{"Begun:7"};
///     HostUnderStorm storm{{.launcher = STORM_LAUNCH_STEPS}};
///     ASSERT_NO_FATAL_FAILURE(die_at_steps(storm, total, 100));

#include "round.hpp"
#include "waiting.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace storm {

/// What plugin processes started from here on find in their environment. While no host runs.
class KillAt {
 public:
  explicit KillAt(const std::string& plan) { ::setenv("SHUNT_KILL_AT", plan.c_str(), 1); }
  ~KillAt() { ::unsetenv("SHUNT_KILL_AT"); }
  KillAt(const KillAt&) = delete;
  KillAt& operator=(const KillAt&) = delete;
};

inline std::uint64_t on_their_way(const shunt::HostSnapshot& seen) {
  std::uint64_t messages = 0;
  for (const auto& route : seen.routes)
    for (const auto& receiver : route.receivers) messages += receiver.waiting;
  for (const auto& plugin : seen.plugins) messages += plugin.sent - plugin.done;
  return messages;
}

/// A round with as many deaths, and no more messages at a time than cost few processes each.
inline void die_at_steps(HostUnderStorm& storm, Account& total, std::uint64_t kills) {
  constexpr std::uint64_t kOnTheirWayMax = 20;  // messages; each may cost a process
  constexpr std::uint32_t kMessagesAtOnce = 5;  // on each sheet
  std::uint64_t deaths = 0;
  run_round(storm, total, [&](Traffic& traffic) {
    const auto all_died = [&] {
      if (on_their_way(storm.host().snapshot()) < kOnTheirWayMax) traffic.allow(kMessagesAtOnce);
      deaths = crashes_of(storm.host(), "witness") + crashes_of(storm.host(), "relay");
      return deaths >= kills;
    };
    ASSERT_TRUE(eventually(all_died)) << deaths << " deaths; " << describe(storm.host());
  });
  std::printf("%lu deaths; %s\n", static_cast<unsigned long>(deaths), describe(total).c_str());
}

}  // namespace storm
