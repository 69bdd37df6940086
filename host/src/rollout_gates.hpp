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

#include <shunt/host/rollout.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace shunt::host {

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

/// Of a stage that has lasted for `elapsed`, without the time for which it was paused. Where the newer version has all,
/// the baseline is what it was in the stage before: nothing where there was none, and then nothing is beside it.
[[nodiscard]] Judgement judge(const RolloutStage& stage, const Measured& newer, const Measured& baseline,
                              std::chrono::nanoseconds elapsed);
/// Whether nothing is left for the baseline while it lasts.
[[nodiscard]] inline bool gives_all(const RolloutStage& stage) noexcept {
  return !stage.shadow && stage.select.empty() && stage.share == 1000;
}

}  // namespace shunt::host
