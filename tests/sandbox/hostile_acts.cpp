/// Tries every act of the hostile plugin, without a sandbox and in each tier, and says what came of it.
///
///     hostile_acts [--json]
///
/// The last line is one JSON object; docs/threat-model.md says what its numbers are. Exit 0: nothing escaped, nothing
/// came otherwise than expected, and at most five acts could not be tried.
#include "baseline.hpp"
#include "trial.hpp"

#include <cstdio>
#include <exception>
#include <iterator>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

namespace shunt::test {
namespace {

/// What a plugin may try by no act that returns, and the test that tries it.
constexpr struct {
  std::string_view group;
  std::string_view act;
  std::string_view test;
} kElsewhere[] = {{"threads", "spin_for_ever", "tests/sandbox/spin_test.cpp"},
                  {"sandbox", "forge_control_packets", "tests/sandbox/control_test.cpp"},
                  {"futexes", "every_other_operation", "tests/sandbox/limits_test.cpp"},
                  {"kernel", "every_other_call", "tests/sandbox/limits_test.cpp"}};

struct Sum {
  std::size_t acts = 0;
  std::size_t stopped = 0;
  std::size_t escaped = 0;
  std::size_t not_testable = 0;
  std::size_t audited = 0;
  std::size_t attempts = 0;
  std::size_t left_out = 0;
  std::size_t surprises = 0;

  [[nodiscard]] bool good() const {
    return escaped == 0 && surprises == 0 && not_testable <= kNotTestableMax && stopped == attempts;
  }
};

class Report {
 public:
  explicit Report(bool json) : json_(json) {}

  void try_unconfined() {
    hostile::for_each_act([&](const hostile::Act& act) {
      ++sum_.acts;
      const Baseline baseline = baseline_of(act);
      if (baseline.succeeded) return;
      ++sum_.not_testable;
      baselines_[act.name] =
          baseline.reason.empty() ? fmt::format("fails: {}", name_of_error(baseline.stopped_by)) : baseline.reason;
      if (baseline.reason.empty()) ++sum_.surprises;
    });
  }

  void try_in(Tier tier) {
    const ActStage stage;
    for (const Attempt& each : try_acts(tier, stage)) add(each);
  }

  void name_the_rest() const {
    for (const auto& each : kElsewhere)
      line("every", "serving", each.group, each.act, "see test", "see test", each.test, false);
  }

  [[nodiscard]] Sum sum() const {
    Sum result = sum_;
    result.left_out = result.acts * std::size(kTiers) * std::size(kMoments) - result.attempts;
    return result;
  }

 private:
  /// What cannot succeed unconfined is tried and shown all the same, and counts for nothing unless it succeeds.
  void add(const Attempt& attempt) {
    const auto baseline = baselines_.find(attempt.act->name);
    const bool counts = baseline == baselines_.end();
    const auto surprise = attempt.surprise();
    const std::string expected = to_string(expectation_of(*attempt.act, attempt.tier, attempt.moment));
    line(name(attempt.tier), name(attempt.moment), attempt.act->group, attempt.act->name,
         counts ? "succeeds" : baseline->second, expected, attempt.outcome(), attempt.audited);
    if (surprise)
      std::fprintf(stderr, "hostile_acts: %s, %s\n", surprise->c_str(), std::string{name(attempt.tier)}.c_str());
    if (attempt.escaped()) ++sum_.escaped;
    if (surprise) ++sum_.surprises;
    if (!counts) return;
    ++sum_.attempts;
    if (!surprise) ++sum_.stopped;
    if (attempt.audited) ++sum_.audited;
  }

  void line(std::string_view tier, std::string_view when, std::string_view group, std::string_view act,
            std::string_view baseline, std::string_view expected, std::string_view outcome, bool audited) const {
    if (json_)
      std::puts(
          fmt::format(
              R"({{"tier":"{}","when":"{}","group":"{}","act":"{}","baseline":"{}","expected":"{}","outcome":"{}","audited":{}}})",
              tier, when, group, act, baseline, expected, outcome, audited)
              .c_str());
    else
      std::puts(fmt::format("{:18} {:7} {:10} {:24} {:27} {:15} {:8} {}", tier, when, group, act, expected, outcome,
                            audited ? "recorded" : "", baseline == "succeeds" ? "" : baseline)
                    .c_str());
  }

  bool json_;
  Sum sum_;
  std::map<std::string_view, std::string> baselines_;  // of those that do not succeed
};

Sum run(bool json) {
  Report report{json};
  report.try_unconfined();
  for (const Tier tier : kTiers) report.try_in(tier);
  report.name_the_rest();
  return report.sum();
}

}  // namespace
}  // namespace shunt::test

int main(int count, char** arguments) {
  using namespace shunt::test;
  const bool json = count == 2 && std::string_view{arguments[1]} == "--json";
  if (count > 1 && !json) {
    std::fprintf(stderr, "hostile_acts: it takes only --json\n");
    return 2;
  }
  try {
    const Sum sum = run(json);
    std::puts(
        fmt::format(
            R"({{"acts":{},"stopped":{},"escaped":{},"not_testable":{},"audited":{},"attempts":{},"left_out":{},"surprises":{},"user":{}}})",
            sum.acts, sum.stopped, sum.escaped, sum.not_testable, sum.audited, sum.attempts, sum.left_out,
            sum.surprises, ::getuid())
            .c_str());
    return sum.good() ? 0 : 1;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "hostile_acts: %s\n", problem.what());
    return 1;
  }
}
