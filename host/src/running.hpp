#pragma once
/// An instance that runs, as the control loop knows it.

#include "catalog.hpp"
#include "health.hpp"
#include "last_will.hpp"
#include "plugin_process.hpp"
#include "watchdog.hpp"

#include <shunt/host/clock_advance.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shunt::host {

using WhenDone = std::function<void(Status)>;
using WhenAdvanced = std::function<void(Result<ClockAdvance>)>;

/// A clock that was told to go on, and whoever waits for its timers.
struct Advancing {
  std::uint64_t number = 0;
  std::chrono::nanoseconds then{};  ///< Where it stands after it.
  EventLoop::TimerId timer = 0;
  WhenAdvanced done;  ///< Null: it was told that it takes too long.
};

/// A snapshot or a restore that an instance was asked for.
struct StateAsked {
  std::uint64_t number = 0;
  EventLoop::TimerId timer = 0;
  std::function<void(Result<std::uint64_t>)> done;  ///< With the snapshot's bytes. Null: it took too long.
};

struct Running {
  std::unique_ptr<PluginProcess> process;
  std::shared_ptr<PluginVersion> version;
  std::uint32_t seat = 0;            ///< Where it serves, or shall when its version does.
  WhenDone staged;                   ///< Until it is active or failed.
  bool newcomer = false;             ///< It was staged for a switch that has not been exchanged.
  std::optional<Error> phase_error;  ///< Why it will not become active.
  std::vector<WhenDone> ended;       ///< Of those who wait for its end.
  bool expected_end = false;
  std::chrono::steady_clock::time_point active_since{};  ///< Once it is.
  std::chrono::nanoseconds cpu_to_start{};               ///< What its process had taken by then.
  bool by_hand = false;
  std::string sandbox;             ///< What its warden says of it.
  control::BridgeReportT carried;  ///< Of a bridge: what it said last of itself.
  std::uint32_t states_noted = 0;  ///< Events of that; what it says is kept all the same.
  std::uint64_t denials = 0;
  std::uint32_t denials_noted = 0;  ///< Events; the records are not bounded by it.
  std::optional<AuditRecord> denied_last;
  Watchdog watchdog;
  bool served = false;                             ///< Routes have led to it.
  std::map<std::uint32_t, LastWill> last_wills{};  ///< By the topic's place in its version's topics_out.
  EventLoop::Clock::time_point wills_since{};      ///< The second in which `wills_lately` were left.
  std::uint32_t wills_lately = 0;
  Health says;    ///< Of its health, last.
  Health health;  ///< What of that people were told, and the route table follows.
  EventLoop::Clock::time_point health_applied{};
  EventLoop::TimerId health_timer = 0;  ///< That applies what it says; 0: none is on its way.
  Allowance health_events{20, 20, std::chrono::minutes{1}};
  std::uint32_t health_untold = 0;  ///< Changes for which there was no event.
  std::deque<Advancing> advances;
  std::deque<StateAsked> states_asked;        ///< In the order in which they are answered.
  std::vector<ValidatorSnapshot> validators;  ///< By its own word.
  std::uint64_t failures = 0;                 ///< That nobody waits for; likewise.
  std::uint64_t failures_told = 0;            ///< With which there was an event.
  Allowance failure_events{20, 20, std::chrono::minutes{1}};
};

}  // namespace shunt::host
