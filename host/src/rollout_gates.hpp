#pragma once
/// Whether a stage of a rollout has passed: what is asked of the newer version, beside the one that it replaces, which
/// is measured in the same time. Values: what was measured comes in, nothing is rounded.
///
///     const Judgement judgement = judge(stage, newer, baseline, elapsed);
///     if (judgement.verdict == Verdict::Fail) roll_back(judgement.reason);
///
///     Fail           something is worse than it may be, and more samples would not excuse it. At once.
///     Inconclusive   too few samples, or too little time: the stage goes on as it is.
///     Pass           neither.

#include "breaker.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace shunt::host {

struct RolloutGates {
  std::uint32_t success_min = 950;      ///< Of 1,000 calls so many have to succeed,
  std::uint32_t success_drop_max = 10;  ///< and at most so many fewer than of the baseline's.
  std::uint32_t latency_max = 1200;     ///< Of the 99th percentile, in thousandths of the baseline's.
  std::uint32_t cpu_max = 1500;         ///< Of the processor time for a message, likewise.
  std::uint64_t crashes_max = 0;
  std::uint64_t quota_refusals_max = 0;  ///< Loans, and messages for want of a chunk.
  std::uint64_t denials_max = 0;         ///< System calls.
  std::uint32_t differences_max = 0;     ///< Of 1,000 answers of a shadow that were compared.
  friend bool operator==(const RolloutGates&, const RolloutGates&) = default;
};

struct RolloutStage {
  bool shadow = false;         ///< It gets copies, and what it says is compared and goes nowhere.
  std::uint32_t share = 1000;  ///< Of 1,000 messages so many; of a shadow: copies.
  std::chrono::nanoseconds dwell = std::chrono::minutes{5};  ///< It lasts for so long at least.
  std::uint64_t samples_min = 1000;                          ///< Calls, of each of both versions.
  RolloutGates gates{};
  friend bool operator==(const RolloutStage&, const RolloutStage&) = default;
};

/// Of one version, since the stage began.
struct Measured {
  CallCounts calls{};
  std::chrono::nanoseconds p99{};  ///< Of those that have succeeded.
  std::uint64_t messages = 0;      ///< Handled, publications too.
  std::chrono::nanoseconds cpu{};  ///< For all of these.
  std::uint64_t crashes = 0;
  std::uint64_t quota_refusals = 0;
  std::uint64_t denials = 0;
  std::uint64_t compared = 0;     ///< Answers of a shadow,
  std::uint64_t differences = 0;  ///< and of these such as were not the same.
};

enum class Verdict : std::uint8_t { Pass, Fail, Inconclusive };

struct Judgement {
  Verdict verdict = Verdict::Inconclusive;
  std::string reason{};  ///< For people: the gate, what was measured, what was asked.
};

/// Of a stage that has lasted for `elapsed`, without the time for which it was paused.
[[nodiscard]] Judgement judge(const RolloutStage& stage, const Measured& newer, const Measured& baseline,
                              std::chrono::nanoseconds elapsed);

}  // namespace shunt::host
