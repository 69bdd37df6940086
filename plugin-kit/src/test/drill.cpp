#include "leftovers.hpp"

#include <shunt/plugin-kit/test/drill.hpp>

#include <array>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace shunt::test {
namespace {

enum class Step { Init, Validate, Activate };

/// One way through a life, each step of which must succeed.
struct Life {
  const char* after;
  std::vector<Step> steps;
};

const std::array kLives{
    Life{"load", {}},
    Life{"init", {Step::Init}},
    Life{"init, twice,", {Step::Init, Step::Init}},
    Life{"validate", {Step::Init, Step::Validate}},
    Life{"activate", {Step::Init, Step::Validate, Step::Activate}},
    Life{"activate after init, twice,", {Step::Init, Step::Init, Step::Validate, Step::Activate}},
};

class Drill {
 public:
  Drill(const shunt_plugin& plugin, const ContractView& contract, const RunnerOptions& options,
        const DrillSettings& settings)
      : plugin_(plugin), contract_(contract), options_(options), settings_(settings) {}

  /// Goes through `life` and cleans up after it.
  Status drive(const Life& life) {
    drill_ = life.after;
    const auto before = Belongings::of_this_process(settings_.keeper);
    StandIn stand_in(plugin_, contract_, settings_.good, options_);
    note("load");
    SHUNT_CHECK(stand_in.load());
    for (const Step each : life.steps) SHUNT_CHECK(succeed(stand_in, each));
    return clean_up(stand_in, before, life.after);
  }

  /// What it writes down as this version of its state, another instance takes; neither leaves anything.
  Status hand_over(std::uint32_t version) {
    drill_ = fmt::format("handing over state {}", version);
    const auto before = Belongings::of_this_process(settings_.keeper);
    StandIn writer(plugin_, contract_, settings_.good, options_), taker(plugin_, contract_, settings_.good, options_);
    for (StandIn* const each : {&writer, &taker})
      for (const Step step : {Step::Init, Step::Validate, Step::Activate}) SHUNT_CHECK(succeed(*each, step));
    const auto state = writer.snapshot(version);
    if (!state)
      return error(state.error().code, "{}: it did not write down state {} in the drill: {}", contract_.plugin, version,
                   state.error().message);
    if (const auto taken = taker.restore(version, state->bytes.span()); !taken)
      return error(taken.error().code, "{}: it did not take state {}, which it had written down, in the drill: {}",
                   contract_.plugin, version, taken.error().message);
    taker.cleanup();
    return clean_up(writer, before, drill_);
  }

  enum class Failure { Certain, Possible };

  /// Goes as far as `failing`, which must fail, and cleans up; for init also after trying again with `good`.
  Status drive_failing(Step failing, const Result<std::vector<Setting>>& bad, Failure failure) {
    for (const bool retry : {false, true}) {
      if (retry && failing != Step::Init) break;
      drill_ = fmt::format("a failing {}{}", name(failing), retry ? ", tried again" : "");
      const auto before = Belongings::of_this_process(settings_.keeper);
      StandIn stand_in(plugin_, contract_, bad, options_);
      for (int each = 0; each < static_cast<int>(failing); ++each)
        SHUNT_CHECK(succeed(stand_in, static_cast<Step>(each)));
      if (step(stand_in, failing)) {
        if (failure == Failure::Possible) break;
        return error(ErrorCode::BadInput, "{}: {} succeeded with settings with which it was to fail", contract_.plugin,
                     name(failing));
      }
      if (retry) {
        stand_in.use(settings_.good);
        for (const Step each : {Step::Init, Step::Validate, Step::Activate}) SHUNT_CHECK(succeed(stand_in, each));
      }
      SHUNT_CHECK(clean_up(stand_in, before, drill_));
    }
    return {};
  }

 private:
  static const char* name(Step step) {
    constexpr std::array kNames{"init", "validate", "activate"};
    return kNames[static_cast<std::size_t>(step)];
  }

  void note(std::string_view phase) const {
    if (settings_.notice) settings_.notice(drill_.substr(0, drill_.find_last_not_of(',') + 1), phase);
  }

  [[nodiscard]] Status step(StandIn& stand_in, Step step) const {
    note(name(step));
    switch (step) {
      case Step::Init: return stand_in.init();
      case Step::Validate: return stand_in.validate();
      case Step::Activate: return stand_in.activate();
    }
    return {};
  }

  [[nodiscard]] Status succeed(StandIn& stand_in, Step each) const {
    const auto done = step(stand_in, each);
    if (done) return {};
    return error(done.error().code, "{}: {} failed in the drill: {}", contract_.plugin, name(each),
                 done.error().message);
  }

  Status clean_up(StandIn& stand_in, const Belongings& before, std::string_view after) const {
    for (const char* const times : {"", "a second ", "a third "}) {
      note("cleanup");
      stand_in.cleanup();
      auto left = left_since(before, settings_.keeper);
      if (stand_in.chunks_held() > 0)
        left += fmt::format("{}{} chunks", left.empty() ? "" : " and ", stand_in.chunks_held());
      if (stand_in.answers_held() > 0)
        left += fmt::format("{}{} answers", left.empty() ? "" : " and ", stand_in.answers_held());
      if (!left.empty())
        return error(ErrorCode::PluginFailed, "{}: {}cleanup after {} left {}", contract_.plugin, times, after, left);
    }
    return {};
  }

  const shunt_plugin& plugin_;
  const ContractView& contract_;
  const RunnerOptions& options_;
  const DrillSettings& settings_;
  std::string drill_{};  ///< The one in hand.
};

}  // namespace

Status drill(const shunt_plugin& plugin, const ContractView& contract, const DrillSettings& settings,
             const RunnerOptions& options) {
  if (!settings.good) return tl::make_unexpected(settings.good.error());
  for (const auto* each : {&settings.init_fails, &settings.validate_fails, &settings.activate_fails})
    if (*each && !**each) return tl::make_unexpected((**each).error());
  // What comes with a process's first thread and stays, such as one of the thread sanitizer's own, is no plugin's.
  std::thread([] {}).join();
  Drill drill(plugin, contract, options, settings);
  for (const Life& life : kLives) SHUNT_CHECK(drill.drive(life));
  for (const std::uint32_t version : contract.states) SHUNT_CHECK(drill.hand_over(version));
  const std::array failing{std::pair{Step::Init, &settings.init_fails},
                           std::pair{Step::Validate, &settings.validate_fails},
                           std::pair{Step::Activate, &settings.activate_fails}};
  for (const auto& [step, bad] : failing)
    if (*bad) SHUNT_CHECK(drill.drive_failing(step, **bad, Drill::Failure::Certain));
  if (settings.init_fails) return {};
  // What no host gives, a contract refuses; a plugin on the bare C ABI may overlook it.
  auto unknown = *settings.good;
  unknown.push_back({"shunt-drill", "unknown"});
  return drill.drive_failing(Step::Init, unknown, Drill::Failure::Possible);
}

}  // namespace shunt::test
