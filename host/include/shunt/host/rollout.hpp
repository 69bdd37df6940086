#pragma once
/// A rollout: a new version of a plugin takes over in stages, each of which has to pass before the next begins; one
/// that fails takes it back. docs/rollouts.md.
///
///     RolloutPlan plan{.plugin = "momentum", .version = "1.5.0"};          // stages: shadow, 5, 20, 100 %
///     SHUNT_CHECK(host.start_rollout(plan));
///     for (const RolloutSnapshot& each : host.rollouts()) print(each.state, each.reason);
///
/// Or from a file, as `shunt rollout start rollout.toml` takes it:
///
///     SHUNT_TRY(plan, read_rollout("rollout.toml"));
///
/// All of these are values. Members are spelled in rollout.toml as here, where nothing else is said.

#include <shunt/schemas/result.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace shunt {

/// What is asked of the newer version, beside the one that it replaces, which is measured in the same time.
struct RolloutGates {
  std::uint32_t success_min = 950;      ///< Of 1,000 calls so many have to succeed, 0 .. 1,000;
  std::uint32_t success_drop_max = 10;  ///< and at most so many fewer than of the baseline's.
  std::uint32_t latency_max = 1200;     ///< Of the 99th percentile, in thousandths of the baseline's; 0: any.
  std::uint32_t cpu_max = 0;            ///< Of the processor time for a message, likewise; 0: any.
  std::uint32_t crashes_max = 0;
  std::uint32_t quota_refusals_max = 0;  ///< Loans, and messages for want of a chunk.
  std::uint32_t denials_max = 0;         ///< System calls.
  std::uint32_t differences_max = 0;     ///< Of 1,000 answers of a shadow that were compared.
  friend bool operator==(const RolloutGates&, const RolloutGates&) = default;
};

struct RolloutStage {
  bool shadow = false;         ///< It gets copies, and what it says is compared and goes nowhere.
  std::uint32_t share = 1000;  ///< Of 1,000 messages so many; of a shadow: copies. 1 .. 1,000.
  /// All messages that have these labels among their hints, and no others, whatever the share of later stages is.
  std::map<std::string, std::string, std::less<>> select{};
  std::chrono::nanoseconds dwell = std::chrono::minutes{5};  ///< It lasts for so long at least; up to a day.
  std::uint32_t samples_min = 1000;                          ///< Calls, of each of both versions; from 1 on.
  RolloutGates gates{};
  friend bool operator==(const RolloutStage&, const RolloutStage&) = default;
};

/// Shadow, 5 %, 20 %, all.
[[nodiscard]] std::vector<RolloutStage> usual_stages();

/// What is asked for before a rollout begins, where it can be measured.
struct PreflightLimits {
  std::chrono::nanoseconds lag_max = std::chrono::milliseconds{50};  ///< That anything has waited for the plugin.
  std::uint32_t backlog_max = 100;                                   ///< Messages that wait for it.
  std::chrono::nanoseconds ready_min = std::chrono::seconds{120};    ///< That the version is up, without a break.
  std::uint32_t key_days_min = 30;                                   ///< That the key which signed it is valid yet.
  friend bool operator==(const PreflightLimits&, const PreflightLimits&) = default;
};

struct RolloutPlan {
  std::string plugin;
  std::string version;                                ///< That shall take over; as people write it.
  std::vector<RolloutStage> stages = usual_stages();  ///< `[[stage]]`
  PreflightLimits preflight{};                        ///< `[preflight]`
  bool confirmed = false;  ///< A person has seen how its configuration differs. Not in rollout.toml.
  friend bool operator==(const RolloutPlan&, const RolloutPlan&) = default;
};

/// Reads rollout.toml. What a stage leaves unsaid, it has from `[gates]` and from the keys `dwell` and `samples_min`
/// beside it, else as above. Errors: System, BadConfiguration with file, line and what was meant.
Result<RolloutPlan> read_rollout(const std::filesystem::path& path);
/// The same of a file's content; `name` is what errors call it.
Result<RolloutPlan> parse_rollout(std::string_view text, const std::string& name);

/// One thing that has to hold before a rollout begins.
struct PreflightCheck {
  enum class Outcome : std::uint8_t { Good, Blocks, NotConfigured };
  std::string_view name{};  ///< "backlog". Lives as long as the program.
  Outcome outcome = Outcome::Good;
  std::string text{};  ///< What was found, and where it blocks, what is asked.
};
using Preflight = std::vector<PreflightCheck>;
/// Whether any of them forbids a rollout to begin.
[[nodiscard]] bool blocks(const Preflight& checks) noexcept;
/// The enum's own spelling.
[[nodiscard]] std::string_view name(PreflightCheck::Outcome outcome) noexcept;

/// Of one version, since the stage began.
struct RolloutFigures {
  std::uint64_t calls = 0;  ///< That have ended, or are slow.
  std::uint64_t failed = 0;
  std::uint64_t slow = 0;
  std::chrono::nanoseconds p99{};  ///< Of those that were answered; to 3 %, upwards.
  std::uint64_t messages = 0;      ///< Handled, publications too, by its own marks.
  std::chrono::nanoseconds cpu{};  ///< For all of these, of its processes.
  std::uint64_t crashes = 0;
  std::uint64_t quota_refusals = 0;
  std::uint64_t denials = 0;
  std::uint64_t compared = 0;  ///< Answers of a shadow,
  std::uint64_t differences = 0;
};

/// A rollout that is under way, or the last one of its plugin.
struct RolloutSnapshot {
  std::string plugin;
  std::string version;    ///< That takes over, in full.
  std::string baseline;   ///< That serves.
  std::string state;      ///< "Running", "Paused", "Done" or "RolledBack"
  std::size_t stage = 0;  ///< From 0 on: the one that it is in, or was in last.
  std::vector<RolloutStage> stages{};
  std::chrono::nanoseconds elapsed{};  ///< Of the stage, without pauses.
  std::string verdict{};               ///< "Pass", "Fail" or "Inconclusive": as it was judged last
  std::string reason{};                ///< and why; of one that was rolled back, why that was.
  RolloutFigures newer{};
  RolloutFigures older{};
};

}  // namespace shunt
