#pragma once
/// A rollout under way: in which stage it is, for how long, and what follows from how that was judged. A value: time
/// comes in as an argument.
///
///     SHUNT_CHECK(check_stages(stages, {.newer = 2, .older = 2}));
///     RolloutRun run{stages, now};
///     if (const auto event = run.look(now, judge(run.stage(), newer, baseline, run.elapsed(now)))) follow(*event);
///
///     Running     its stage gets its share and is judged.
///     Paused      it keeps its share, and its time stands still.
///     Done        the newer version has all.
///     RolledBack  it failed, or somebody gave it up: the older version has all.

#include "rollout_gates.hpp"

#include <shunt/schemas/result.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shunt::host {

enum class RolloutState : std::uint8_t { Running, Paused, Done, RolledBack };
inline constexpr std::size_t kRolloutStateCount = 4;
enum class RolloutEvent : std::uint8_t {
  StagePassed,
  LastStagePassed,
  StageFailed,
  PauseAsked,
  ResumeAsked,
  AbortAsked
};
inline constexpr std::size_t kRolloutEventCount = 6;

struct RolloutRow {
  RolloutState from;
  RolloutEvent event;
  RolloutState to;
};
inline constexpr std::array kRolloutTable = {
    RolloutRow{RolloutState::Running, RolloutEvent::StagePassed, RolloutState::Running},
    RolloutRow{RolloutState::Running, RolloutEvent::LastStagePassed, RolloutState::Done},
    RolloutRow{RolloutState::Running, RolloutEvent::StageFailed, RolloutState::RolledBack},
    RolloutRow{RolloutState::Running, RolloutEvent::PauseAsked, RolloutState::Paused},
    RolloutRow{RolloutState::Running, RolloutEvent::AbortAsked, RolloutState::RolledBack},
    RolloutRow{RolloutState::Paused, RolloutEvent::ResumeAsked, RolloutState::Running},
    RolloutRow{RolloutState::Paused, RolloutEvent::AbortAsked, RolloutState::RolledBack},
    // What was asked of it while it ran may fail while it is paused: crashes and denials do not wait.
    RolloutRow{RolloutState::Paused, RolloutEvent::StageFailed, RolloutState::RolledBack},
};
[[nodiscard]] constexpr std::optional<RolloutState> next(RolloutState from, RolloutEvent event) noexcept {
  for (const RolloutRow& row : kRolloutTable)
    if (row.from == from && row.event == event) return row.to;
  return std::nullopt;
}
[[nodiscard]] std::string_view name(RolloutState state) noexcept;
[[nodiscard]] std::string_view name(RolloutEvent event) noexcept;

/// How many instances each version has: a share is divided between them.
struct RolloutSeats {
  std::uint32_t newer = 1;
  std::uint32_t older = 1;
};

/// Whether these stages can be what they say, and lead to the newer version having all. Errors: BadConfiguration,
/// naming the stage; also where a share cannot be met exactly, which is not rounded.
[[nodiscard]] Status check_stages(std::span<const RolloutStage> stages, const RolloutSeats& seats);

class RolloutRun {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Of stages that check_stages() has let pass.
  RolloutRun(std::vector<RolloutStage> stages, TimePoint now) : stages_(std::move(stages)), since_(now), seen_(now) {}

  /// What follows from how the stage was judged, if anything does: the next stage has begun then, or it is over.
  std::optional<RolloutEvent> look(TimePoint now, const Judgement& judgement);

  /// Its stage has its share: time counts from now on.
  void stage_begins(TimePoint now) noexcept {
    before_ = {};
    since_ = seen_ = now;
  }

  /// Nothing can be seen of it now: what has passed since it was looked at last does not count.
  void stands_still(TimePoint now) noexcept {
    since_ += now - seen_;
    seen_ = now;
  }

  // Errors of all: BadInput, saying in which state it is.
  [[nodiscard]] Status pause(TimePoint now) { return ask(RolloutEvent::PauseAsked, now); }
  [[nodiscard]] Status resume(TimePoint now) { return ask(RolloutEvent::ResumeAsked, now); }
  [[nodiscard]] Status abort(TimePoint now) { return ask(RolloutEvent::AbortAsked, now); }

  [[nodiscard]] RolloutState state() const noexcept { return state_; }
  [[nodiscard]] bool is_over() const noexcept {
    return state_ == RolloutState::Done || state_ == RolloutState::RolledBack;
  }
  /// Which stage it is in, or was in last; from 0 on.
  [[nodiscard]] std::size_t stage_number() const noexcept { return stage_; }
  [[nodiscard]] const RolloutStage& stage() const noexcept { return stages_[stage_]; }
  [[nodiscard]] std::span<const RolloutStage> stages() const noexcept { return stages_; }
  /// For how long the stage has lasted, without the time for which it was paused.
  [[nodiscard]] std::chrono::nanoseconds elapsed(TimePoint now) const noexcept {
    return before_ + (state_ == RolloutState::Running ? now - since_ : std::chrono::nanoseconds{0});
  }
  /// How it was judged last, or why it was rolled back.
  [[nodiscard]] const Judgement& last() const noexcept { return last_; }

 private:
  Status ask(RolloutEvent event, TimePoint now);
  void go(RolloutEvent event, TimePoint now);

  std::vector<RolloutStage> stages_;
  std::size_t stage_ = 0;
  RolloutState state_ = RolloutState::Running;
  TimePoint since_;                    // it runs without a pause
  TimePoint seen_;                     // it was looked at
  std::chrono::nanoseconds before_{};  // for which the stage ran before that
  Judgement last_{};
};

}  // namespace shunt::host
