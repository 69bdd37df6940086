/// Tries every act of the hostile plugin, without a sandbox and in each tier, and says what came of it.
///
///     hostile_acts [--json]
///
/// The last line is one JSON object: acts, stopped, escaped, not_testable, audited. Exit 0: nothing escaped.
#include "trial.hpp"

#include <cstdio>
#include <cstring>
#include <exception>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

namespace shunt::test {
namespace {

struct Sum {
  std::size_t acts = 0;
  std::size_t stopped = 0;
  std::size_t escaped = 0;
  std::size_t not_testable = 0;
  std::size_t audited = 0;
};

std::string outcome(const Attempt& attempt) {
  if (attempt.escaped()) return "ESCAPED";
  return attempt.killed ? "ended by SIGSYS" : std::strerror(attempt.stopped_by);
}

void print(const Attempt& attempt, Tier tier, bool json) {
  const char* const moment = attempt.moment == Moment::Loading ? "loading" : "serving";
  if (json)
    std::puts(fmt::format(R"({{"tier":"{}","when":"{}","group":"{}","act":"{}","outcome":"{}","audited":{}}})",
                          name(tier), moment, attempt.act->group, attempt.act->name, outcome(attempt), attempt.audited)
                  .c_str());
  else
    std::puts(fmt::format("{:20} {:8} {:11} {:26} {:28} {}", name(tier), moment, attempt.act->group, attempt.act->name,
                          outcome(attempt), attempt.audited ? "recorded" : "")
                  .c_str());
}

Sum run(bool json) {
  Sum sum;
  std::set<std::string_view> not_testable;
  hostile::for_each_act([&](const hostile::Act& act) {
    ++sum.acts;
    const ActStage fresh;
    const int stopped_by = fresh.try_unconfined(act);
    if (stopped_by == 0) return;
    not_testable.insert(act.name);
    std::fprintf(stderr, "hostile_acts: without a sandbox %s fails here: %s\n", std::string{act.name}.c_str(),
                 stopped_by < 0 ? "it died" : std::strerror(stopped_by));
  });
  sum.not_testable = not_testable.size();
  for (const Tier tier : kTiers) {
    const ActStage stage;
    for (const Attempt& each : try_acts(tier, stage)) {
      print(each, tier, json);
      if (each.escaped()) ++sum.escaped;
      else ++sum.stopped;
      if (each.audited) ++sum.audited;
    }
  }
  return sum;
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
    std::puts(fmt::format(R"({{"acts":{},"stopped":{},"escaped":{},"not_testable":{},"audited":{},"user":{}}})",
                          sum.acts, sum.stopped, sum.escaped, sum.not_testable, sum.audited, ::getuid())
                  .c_str());
    return sum.escaped == 0 ? 0 : 1;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "hostile_acts: %s\n", problem.what());
    return 1;
  }
}
