#include "preflight.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include <gmock/gmock.h>

namespace shunt::host {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// At the limit of every check, and all of them configured.
PreflightFacts good() {
  PreflightFacts facts;
  facts.pools = {{.name = "momentum, 4 KiB", .in_use = 90, .chunks = 100}};
  facts.lag = 50ms;
  facts.backlog = 100;
  facts.scrapes = {.good = 999, .all = 1000};
  facts.key_valid_for = std::chrono::days{30};
  facts.ready_for = 120s;
  facts.traces = {.good = 5, .all = 5};
  facts.log_lines = {.good = 7, .all = 7};
  facts.configuration_change = "window = 20, was 10";
  facts.change_confirmed = true;
  facts.lts = PreflightFacts::Lts{.answered = true};
  return facts;
}

const PreflightCheck& find(const std::vector<PreflightCheck>& checks, std::string_view name) {
  const auto found = std::ranges::find(checks, name, &PreflightCheck::name);
  if (found == checks.end()) throw std::runtime_error("there is no such check");
  return *found;
}

TEST(Preflight, lets_what_is_at_every_limit_begin) {
  const auto checks = preflight(good());

  EXPECT_FALSE(blocks(checks));
  for (const PreflightCheck& each : checks)
    EXPECT_EQ(each.outcome, PreflightCheck::Outcome::Good) << each.name << each.text;
}

TEST(Preflight, says_of_each_that_nothing_measures_that_it_is_not_configured_and_blocks_nothing) {
  auto facts = good();
  facts.scrapes.reset();
  facts.key_valid_for.reset();
  facts.traces.reset();
  facts.log_lines.reset();
  facts.lts.reset();

  const auto checks = preflight(facts);

  EXPECT_FALSE(blocks(checks));
  for (const char* const name : {"metrics", "signing key", "trace sampling", "log fields", "lts"})
    EXPECT_EQ(find(checks, name).outcome, PreflightCheck::Outcome::NotConfigured) << name;
}

TEST(Preflight, has_no_lag_where_nothing_waits) {
  auto facts = good();
  facts.lag.reset();

  EXPECT_EQ(find(preflight(facts), "lag").text, "nothing waits");
}

struct Blocker {
  const char* label;
  const char* check;
  std::function<void(PreflightFacts&)> change;
  const char* text;
  friend std::ostream& operator<<(std::ostream& out, const Blocker& each) { return out << each.label; }
};

const std::vector<Blocker> kBlockers{
    {"a_full_pool", "pools", [](auto& facts) { facts.pools.front().in_use = 91; },
     "momentum, 4 KiB: 91 of 100 chunks are in use"},
    {"a_pool_that_refused", "pools", [](auto& facts) { facts.pools.front().refused_lately = 1; },
     "1 messages found no chunk"},
    {"lag", "lag", [](auto& facts) { facts.lag = 51ms; }, "has waited for 51 ms, 50 ms at most"},
    {"a_backlog", "backlog", [](auto& facts) { facts.backlog = 101; }, "101 messages wait, 100 at most"},
    {"missed_scrapes", "metrics", [](auto& facts) { facts.scrapes->good = 998; }, "998 of 1000 came"},
    {"no_scrapes_at_all", "metrics", [](auto& facts) { facts.scrapes = Portion{}; }, "0 of 0 came"},
    {"a_key_that_expires_soon", "signing key", [](auto& facts) { *facts.key_valid_for -= 1ns; },
     "valid for 29 more days, 30 are asked for"},
    {"an_expired_key", "signing key", [](auto& facts) { facts.key_valid_for = -1h; }, "has expired"},
    {"one_that_came_up_just_now", "ready", [](auto& facts) { facts.ready_for = 119s; }, "up for 119 s"},
    {"one_that_is_not_up", "ready", [](auto& facts) { facts.ready_for.reset(); }, "it is not up"},
    {"traces_without_samples", "trace sampling", [](auto& facts) { facts.traces->good = 4; }, "4 of 5"},
    {"traces_of_nothing", "trace sampling", [](auto& facts) { facts.traces = Portion{}; }, "0 of 0"},
    {"log_lines_that_lack_fields", "log fields", [](auto& facts) { facts.log_lines->good = 6; }, "1 of 7 lines lack"},
    {"one_that_does_not_serve", "health", [](auto& facts) { facts.unhealthy = "no market data"; },
     "does not serve: no market data"},
    {"a_change_that_nobody_confirmed", "configuration", [](auto& facts) { facts.change_confirmed = false; },
     "nobody has confirmed what changes: window = 20, was 10"},
    {"a_wider_permission", "permissions",
     [](auto& facts) {
       facts.wider = {"network", "threads = 80"};
     },
     "more than the version that serves: network, threads = 80"},
    {"an_executable_stack", "permissions", [](auto& facts) { facts.executable_stack = true; }, "can be executed"},
    {"an_lts_that_does_not_conform", "lts", [](auto& facts) { facts.lts->why_not_conforming = "no field \"size\""; },
     "does not conform: no field \"size\""},
    {"an_lts_that_does_not_answer", "lts", [](auto& facts) { facts.lts->answered = false; }, "did not answer a probe"},
    {"a_switch_that_drains", "previous switch", [](auto& facts) { facts.switch_drains = true; }, "is not over"},
    {"quotas_that_do_not_fit", "quotas", [](auto& facts) { facts.why_no_quota = "needs 2 GiB, 1 GiB are left"; },
     "needs 2 GiB"},
};

class PreflightBlocker : public testing::TestWithParam<Blocker> {};
INSTANTIATE_TEST_SUITE_P(Of, PreflightBlocker, testing::ValuesIn(kBlockers),
                         [](const auto& each) { return std::string{each.param.label}; });

TEST_P(PreflightBlocker, alone_blocks_and_says_why) {
  auto facts = good();
  GetParam().change(facts);

  const auto checks = preflight(facts);

  EXPECT_TRUE(blocks(checks));
  for (const PreflightCheck& each : checks)
    EXPECT_EQ(each.outcome,
              each.name == GetParam().check ? PreflightCheck::Outcome::Blocks : PreflightCheck::Outcome::Good)
        << each.name;
  EXPECT_THAT(find(checks, GetParam().check).text, HasSubstr(GetParam().text));
}

TEST(Preflight, has_a_test_for_each_check_in_which_it_alone_blocks) {
  std::set<std::string_view> blocked;
  for (const Blocker& each : kBlockers) blocked.insert(each.check);
  std::set<std::string_view> all;
  for (const PreflightCheck& each : preflight(good())) all.insert(each.name);

  EXPECT_EQ(blocked, all);
  EXPECT_EQ(all.size(), 14u);
}

}  // namespace
}  // namespace shunt::host
