#include "rollout_run.hpp"

#include "choice.hpp"
#include "labels.hpp"

#include <fmt/format.h>

namespace shunt::host {
namespace {

constexpr bool is_final(RolloutState state) {
  for (std::size_t event = 0; event < kRolloutEventCount; ++event)
    if (next(state, static_cast<RolloutEvent>(event))) return false;
  return true;
}
static_assert(is_final(RolloutState::Done));
static_assert(is_final(RolloutState::RolledBack));
static_assert(!next(RolloutState::Paused, RolloutEvent::StagePassed), "what is paused does not go on by itself");

/// Keys are divided in buckets, each instance's part of which has to be a whole number of them. Who has all, or
/// nothing, shares with nobody.
bool is_whole(std::uint64_t share, std::uint32_t instances) {
  return share % 1000 == 0 || share * Choice::kBuckets % (std::uint64_t{1000} * instances) == 0;
}

std::optional<RolloutEvent> what_follows(Verdict verdict, bool is_last) {
  switch (verdict) {
    case Verdict::Pass: return is_last ? RolloutEvent::LastStagePassed : RolloutEvent::StagePassed;
    case Verdict::Fail: return RolloutEvent::StageFailed;
    case Verdict::Inconclusive: break;
  }
  return std::nullopt;
}

Status check_stage(const RolloutStage& stage, std::size_t number, const RolloutSeats& seats) {
  const auto refuse = [&](std::string_view why) {
    return error(ErrorCode::BadConfiguration, "stage {}: {}", number + 1, why);
  };
  if (stage.share == 0 || stage.share > 1000)
    return refuse(fmt::format("a share of {} of 1000: 1 to 1000 are meant", stage.share));
  if (const auto wrong = complaint_about(stage.select)) return refuse("select " + *wrong);
  if (stage.select.size() > 1)
    return refuse(
        "select: a message that has one of several labels would be led there, too: say one, or stage after stage");
  if (!stage.select.empty() && (stage.shadow || stage.share != 1000))
    return refuse("a part of what it selects cannot be met exactly: leave `share` and `shadow` out, or `select`");
  const RolloutGates& gates = stage.gates;
  for (const auto& [part, what] : {std::pair{gates.success_min, "success_min"},
                                   {gates.success_drop_max, "success_drop_max"},
                                   {gates.differences_max, "differences_max"}})
    if (part > 1000) return refuse(fmt::format("{} is {} of 1000", what, part));
  if (stage.dwell > std::chrono::hours{24}) return refuse("it lasts for more than a day");
  if (stage.samples_min == 0) return refuse("it is judged by no sample: ask for one at least");
  if (stage.dwell.count() < 0) return refuse("it lasts for less than nothing");
  if (!stage.shadow && (!is_whole(stage.share, seats.newer) || !is_whole(1000 - stage.share, seats.older)))
    return refuse(
        fmt::format("{} of 1000, for {} instances of the newer version and {} of the older one, cannot be met exactly: "
                    "ask for another share or another number of instances",
                    stage.share, seats.newer, seats.older));
  return {};
}

}  // namespace

std::string_view name(RolloutState state) noexcept {
  switch (state) {
    case RolloutState::Running: return "Running";
    case RolloutState::Paused: return "Paused";
    case RolloutState::Done: return "Done";
    case RolloutState::RolledBack: return "RolledBack";
  }
  return "Unknown";
}

std::string_view name(RolloutEvent event) noexcept {
  switch (event) {
    case RolloutEvent::StagePassed: return "StagePassed";
    case RolloutEvent::LastStagePassed: return "LastStagePassed";
    case RolloutEvent::StageFailed: return "StageFailed";
    case RolloutEvent::PauseAsked: return "PauseAsked";
    case RolloutEvent::ResumeAsked: return "ResumeAsked";
    case RolloutEvent::AbortAsked: return "AbortAsked";
  }
  return "Unknown";
}

Status check_stages(std::span<const RolloutStage> stages, const RolloutSeats& seats) {
  if (stages.empty()) return error(ErrorCode::BadConfiguration, "a rollout without stages: one at least is meant");
  bool any_counts = false;  // some stage before gives it messages whose answers count
  std::uint32_t share = 0;  // the last, of all messages
  Labels selected;
  for (std::size_t number = 0; number < stages.size(); ++number) {
    const RolloutStage& stage = stages[number];
    SHUNT_CHECK(check_stage(stage, number, seats));
    if (stage.shadow && any_counts)
      return error(ErrorCode::BadConfiguration, "stage {}: a shadow behind stages whose answers count: put it first",
                   number + 1);
    any_counts |= !stage.shadow;
    for (const auto& [key, value] : stage.select)
      if (const auto [known, is_new] = selected.try_emplace(key, value); !is_new && known->second != value)
        return error(ErrorCode::BadConfiguration,
                     "stage {}: select: a version has one {}, and an earlier stage says {}={}: what that selects would "
                     "go back",
                     number + 1, key, key, known->second);
    if (stage.shadow || !stage.select.empty()) continue;
    if (stage.share <= share)
      return error(ErrorCode::BadConfiguration, "stage {}: {} of 1000 behind {}: a share larger than that is meant",
                   number + 1, stage.share, share);
    share = stage.share;
  }
  const RolloutStage& last = stages.back();
  if (last.shadow || !last.select.empty() || last.share != 1000)
    return error(ErrorCode::BadConfiguration, "stage {}, the last one, does not give all to the newer version",
                 stages.size());
  return {};
}

std::optional<RolloutEvent> RolloutRun::look(TimePoint now, const Judgement& judgement) {
  if (is_over()) return std::nullopt;
  seen_ = now;
  const auto event = what_follows(judgement.verdict, stage_ + 1 == stages_.size());
  last_ = judgement;
  if (!event || !next(state_, *event)) return std::nullopt;
  go(*event, now);
  return event;
}

Status RolloutRun::ask(RolloutEvent event, TimePoint now) {
  if (!next(state_, event)) return error(ErrorCode::BadInput, "the rollout is {}", name(state_));
  go(event, now);
  if (event == RolloutEvent::AbortAsked) last_ = {Verdict::Fail, "somebody gave it up"};
  return {};
}

void RolloutRun::go(RolloutEvent event, TimePoint now) {
  before_ = elapsed(now);
  since_ = seen_ = now;
  state_ = *next(state_, event);
  if (event != RolloutEvent::StagePassed) return;
  ++stage_;
  before_ = {};
  last_ = {};
}

}  // namespace shunt::host
