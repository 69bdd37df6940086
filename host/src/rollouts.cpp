#include "rollouts.hpp"

#include "units.hpp"

#include <algorithm>
#include <utility>

#include <fmt/ranges.h>

namespace shunt::host {
namespace {

constexpr std::chrono::milliseconds kLook{50};
constexpr std::chrono::seconds kFinishAgain{5};  // where the last switch does not succeed

/// "5 % of all messages", "copies of 10 % of all messages", "messages with region=bj".
std::string stage_text(const RolloutStage& stage) {
  std::vector<std::string> labels;
  for (const auto& [key, value] : stage.select) labels.push_back(fmt::format("{}={}", key, value));
  if (!labels.empty()) return fmt::format("messages with {}", fmt::join(labels, " and "));
  return fmt::format("{}{}.{} % of all messages", stage.shadow ? "copies of " : "", stage.share / 10, stage.share % 10);
}

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::Pass: return "Pass";
    case Verdict::Fail: return "Fail";
    case Verdict::Inconclusive: return "Inconclusive";
  }
  return "Unknown";
}

RolloutFigures figures_of(const Measured& measured) {
  return {.calls = measured.calls.calls,
          .failed = measured.calls.failed,
          .slow = measured.calls.slow,
          .p99 = measured.p99,
          .messages = measured.messages,
          .cpu = measured.cpu,
          .crashes = measured.crashes,
          .quota_refusals = measured.quota_refusals,
          .denials = measured.denials,
          .compared = measured.compared,
          .differences = measured.differences};
}

std::string blocking(const Preflight& checks) {
  std::vector<std::string> texts;
  for (const PreflightCheck& each : checks)
    if (each.outcome == PreflightCheck::Outcome::Blocks) texts.push_back(fmt::format("{}: {}", each.name, each.text));
  return fmt::format("{}", fmt::join(texts, "; "));
}

/// Who asks for what a stage selects is to mean the newer version by it. Errors: BadConfiguration.
Status check_select(const RolloutPlan& plan, const RolloutSubject& subject) {
  const Labels& labels = subject.baseline->traits.labels;
  const auto is_its = [&](const auto& each) {
    const auto found = labels.find(each.first);
    return found != labels.end() && found->second == each.second;
  };
  for (std::size_t number = 0; number < plan.stages.size(); ++number) {
    const auto& select = plan.stages[number].select;
    if (!select.empty() && std::ranges::all_of(select, is_its))
      return error(ErrorCode::BadConfiguration, "stage {}: {} has all of the labels in `select`, too: say others",
                   number + 1, to_string(subject.baseline->image.version));
  }
  return {};
}

}  // namespace

void Rollouts::note(HostEventKind kind, const Rollout& rollout, std::string text) {
  events_.add({.kind = kind,
               .plugin = rollout.plan.plugin,
               .version = to_string(rollout.subject.newer->image.version),
               .text = std::move(text)});
}

// ---- Starting

void Rollouts::preflight(const RolloutPlan& plan, const Surroundings& around,
                         std::function<void(Result<Preflight>)> done) {
  const auto version = Version::parse(plan.version);
  if (!version) return done(tl::make_unexpected(version.error()));
  const auto subject = supervisor_.rollout_subject(plan.plugin, *version);
  if (!subject) return done(tl::make_unexpected(subject.error()));
  supervisor_.find_facts(*subject, around, [plan, done = std::move(done)](PreflightFacts facts) {
    facts.change_confirmed = plan.confirmed;
    done(host::preflight(facts, plan.preflight));
  });
}

void Rollouts::start(const RolloutPlan& plan, const Surroundings& around, Done done) {
  const auto known = rollouts_.find(plan.plugin);
  if ((known != rollouts_.end() && !known->second->run.is_over()) || !beginning_.insert(plan.plugin).second)
    return done(
        error(ErrorCode::NotServing, "a rollout of \"{}\" is under way: see `shunt rollout status`", plan.plugin));
  preflight(plan, around, [this, plan, done = std::move(done)](const Result<Preflight>& checks) {
    beginning_.erase(plan.plugin);
    if (!checks) return done(tl::make_unexpected(checks.error()));
    if (blocks(*checks))
      return done(
          error(ErrorCode::NotServing, "the rollout of \"{}\" cannot begin: {}", plan.plugin, blocking(*checks)));
    const auto subject = supervisor_.rollout_subject(plan.plugin, *Version::parse(plan.version));
    if (!subject) return done(tl::make_unexpected(subject.error()));  // it has changed meanwhile
    const RolloutSeats seats{subject->newer->configuration.instances, subject->baseline->configuration.instances};
    if (const Status can_be = check_stages(plan.stages, seats); !can_be) return done(can_be);
    if (const Status means_it = check_select(plan, *subject); !means_it) return done(means_it);
    supervisor_.measure(plan.plugin, true);
    const auto rollout = std::make_shared<Rollout>(Rollout{.plan = plan,
                                                           .subject = *subject,
                                                           .run = {plan.stages, EventLoop::Clock::now()},
                                                           .meter = RolloutMeter{supervisor_.figures(plan.plugin)},
                                                           .since = events_.last()});
    rollouts_[plan.plugin] = rollout;
    note(HostEventKind::RolloutStarted, *rollout,
         fmt::format("begins to take over from {}", to_string(subject->baseline->image.version)));
    enter_stage(rollout, done);
  });
}

// ---- Stages

/// Labels of earlier stages go on.
Division Rollouts::division_of(const Rollout& rollout) {
  Division division{.ends = false};
  const RolloutStage& now = rollout.run.stage();
  if (now.shadow) division.shadow_share = now.share;
  for (std::size_t i = 0; i <= rollout.run.stage_number(); ++i) {
    const RolloutStage& stage = rollout.run.stages()[i];
    for (const auto& [key, value] : stage.select) division.select[key] = value;
    if (stage.select.empty() && !stage.shadow) division.share = stage.share;
  }
  return division;
}

/// It waits where the plugin is being switched or restarted. What happens from here on is the stage's.
void Rollouts::enter_stage(const RolloutAt& rollout, const Done& entered) {
  rollout->is_changing = true;
  if (rollout->run.is_over()) {  // it was given up meanwhile
    rollout->is_changing = false;
    take_back(rollout);
    return entered(error(ErrorCode::Cancelled, "the rollout was given up"));
  }
  if (rollout->run.state() == RolloutState::Paused) {
    loop_.after(kLook, [this, rollout, entered] { enter_stage(rollout, entered); });
    return;
  }
  const Division wanted = division_of(*rollout);
  rollout->meter = RolloutMeter{supervisor_.figures(rollout->plan.plugin)};
  supervisor_.divide(rollout->subject, rollout->division, wanted,
                     [this, rollout, wanted, entered](const Status& divided) {
                       if (divided) rollout->division = wanted;
                       if (rollout->run.is_over()) return enter_stage(rollout, entered);
                       if (!divided && supervisor_.is_changing(rollout->plan.plugin) && !supervisor_.is_stopping()) {
                         loop_.after(kLook, [this, rollout, entered] { enter_stage(rollout, entered); });
                         return;
                       }
                       rollout->is_changing = false;
                       if (divided) has_entered(rollout);
                       else if (!supervisor_.is_stopping()) fail(rollout, divided.error().message);
                       entered(divided);
                     });
}

void Rollouts::has_entered(const RolloutAt& rollout) {
  RolloutRun& run = rollout->run;
  run.stage_begins(EventLoop::Clock::now());
  note(HostEventKind::RolloutStage, *rollout,
       fmt::format("stage {} of {}: {}", run.stage_number() + 1, run.stages().size(), stage_text(run.stage())));
  look_soon(rollout);
}

void Rollouts::look_soon(const RolloutAt& rollout) {
  rollout->timer = loop_.after(kLook, [this, rollout] {
    rollout->timer = 0;
    look(rollout);
  });
}

void Rollouts::look(const RolloutAt& rollout) {
  RolloutRun& run = rollout->run;
  if (run.is_over() || rollout->is_changing || supervisor_.is_stopping()) return;
  if (!supervisor_.is_divided(rollout->subject, rollout->division))
    return fail(rollout, "somebody else has changed how the plugin's routes are led");
  PluginFigures figures = supervisor_.figures(rollout->plan.plugin);
  if (const auto shunned = figures.shunned.find(rollout->subject.newer.get()); shunned != figures.shunned.end())
    return fail(rollout, fmt::format("its breaker on \"{}\" is open: see `shunt route {} --windows`", shunned->second,
                                     shunned->second));
  rollout->meter.look(std::move(figures));
  rollout->newer = rollout->meter.of(*rollout->subject.newer);
  if (!gives_all(run.stage())) rollout->older = rollout->meter.of(*rollout->subject.baseline);
  const auto now = EventLoop::Clock::now();
  if (supervisor_.is_changing(rollout->plan.plugin)) {  // somebody else has stopped it, or is restarting it
    run.stands_still(now);
    return look_soon(rollout);
  }
  const auto event = run.look(now, judge(run.stage(), rollout->newer, rollout->older, run.elapsed(now)));
  if (event) follow(rollout, *event);
  else look_soon(rollout);
}

void Rollouts::follow(const RolloutAt& rollout, RolloutEvent event) {
  switch (event) {
    case RolloutEvent::StagePassed: return enter_stage(rollout, [](const Status&) {});
    case RolloutEvent::LastStagePassed: return finish(rollout);
    case RolloutEvent::StageFailed:
    case RolloutEvent::AbortAsked: return roll_back(rollout, event == RolloutEvent::AbortAsked);
    case RolloutEvent::PauseAsked:
    case RolloutEvent::ResumeAsked: return;
  }
}

/// It has all already: only the older version goes.
void Rollouts::finish(const RolloutAt& rollout) {
  rollout->is_changing = true;
  const auto ends = [this, rollout](std::string text) {
    rollout->is_changing = false;
    if (rollouts_[rollout->plan.plugin] == rollout) supervisor_.measure(rollout->plan.plugin, false);
    note(HostEventKind::RolledOut, *rollout, std::move(text));
  };
  if (!supervisor_.is_divided(rollout->subject, rollout->division))
    return ends("had all messages, and somebody else has changed how the plugin's routes are led since");
  const Version& version = rollout->subject.newer->image.version;
  supervisor_.switch_to({{rollout->plan.plugin, version}}, [this, rollout, ends](const Status& switched) {
    if (switched) return ends("has all messages, and serves");
    if (supervisor_.is_stopping()) return;
    note(HostEventKind::RolloutStage, *rollout,
         fmt::format("has all messages, and {} is still there: {}; again in {}",
                     to_string(rollout->subject.baseline->image.version), switched.error().message,
                     duration_text(kFinishAgain)));
    rollout->timer = loop_.after(kFinishAgain, [this, rollout] { finish(rollout); });
  });
}

void Rollouts::fail(const RolloutAt& rollout, const std::string& why) {
  if (rollout->run.look(EventLoop::Clock::now(), {Verdict::Fail, why})) roll_back(rollout, false);
}

void Rollouts::roll_back(const RolloutAt& rollout, bool is_asked) {
  loop_.cancel(std::exchange(rollout->timer, 0));
  supervisor_.measure(rollout->plan.plugin, false);
  note(HostEventKind::RolledBack, *rollout, rollout->run.last().reason);
  if (!is_asked)
    incidents_.report(
        {.rollout = snapshot_of(rollout->plan.plugin, *rollout),
         .configuration_change = configuration_difference(*rollout->subject.baseline, *rollout->subject.newer),
         .since = rollout->since});
  if (!rollout->is_changing) take_back(rollout);  // else who changes it sees that it is over
}

/// The older version has all again, unless somebody else has changed that: then it stays as that one wants it. Where
/// the plugin is being switched or restarted, or is stopped, it waits.
void Rollouts::take_back(const RolloutAt& rollout) {
  supervisor_.divide(rollout->subject, rollout->division, {}, [this, rollout](const Status& divided) {
    if (divided) rollout->division = {};
    if (divided || divided.error().code == ErrorCode::Cancelled || supervisor_.is_stopping()) return;
    rollout->timer = loop_.after(kLook, [this, rollout] { take_back(rollout); });
  });
}

// ---- Asked by people

Result<Rollouts::RolloutAt> Rollouts::under_way(const std::string& plugin) {
  const auto found = rollouts_.find(plugin);
  if (found == rollouts_.end())
    return error(ErrorCode::BadInput, "there is no rollout of \"{}\": see `shunt rollout status`", plugin);
  return found->second;
}

Status Rollouts::pause(const std::string& plugin) {
  SHUNT_TRY(rollout, under_way(plugin));
  SHUNT_CHECK(rollout->run.pause(EventLoop::Clock::now()));
  note(HostEventKind::RolloutPaused, *rollout, "keeps what it has");
  return {};
}

Status Rollouts::resume(const std::string& plugin) {
  SHUNT_TRY(rollout, under_way(plugin));
  SHUNT_CHECK(rollout->run.resume(EventLoop::Clock::now()));
  note(HostEventKind::RolloutResumed, *rollout, "goes on");
  return {};
}

Status Rollouts::abort(const std::string& plugin) {
  SHUNT_TRY(rollout, under_way(plugin));
  SHUNT_CHECK(rollout->run.abort(EventLoop::Clock::now()));
  roll_back(rollout, true);
  return {};
}

RolloutSnapshot Rollouts::snapshot_of(const std::string& plugin, const Rollout& rollout) const {
  const RolloutRun& run = rollout.run;
  return {.plugin = plugin,
          .version = to_string(rollout.subject.newer->image.version),
          .baseline = to_string(rollout.subject.baseline->image.version),
          .state = std::string{host::name(run.state())},
          .stage = run.stage_number(),
          .stages = {run.stages().begin(), run.stages().end()},
          .elapsed = run.elapsed(EventLoop::Clock::now()),
          .verdict = std::string{name(run.last().verdict)},
          .reason = run.last().reason,
          .newer = figures_of(rollout.newer),
          .older = figures_of(rollout.older)};
}

std::vector<RolloutSnapshot> Rollouts::all() const {
  std::vector<RolloutSnapshot> all;
  for (const auto& [plugin, rollout] : rollouts_) all.push_back(snapshot_of(plugin, *rollout));
  return all;
}

}  // namespace shunt::host
