/// A version that gets copies, before it gets anything else: what it says is compared, and goes nowhere.
#include "rollouts.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <map>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Shadows : public RolloutTest {};

TEST_F(Shadows, have_their_answers_compared_and_told_to_nobody) {
  Host host = start(clerks(newer({{"lie_every", 1}})));
  const Callers callers{host};
  RolloutPlan shadowed = plan({{.shadow = true, .share = 500}, {.share = 1000}});
  shadowed.stages.front().gates.differences_max = 1000;
  shadowed.stages.front().dwell = 1h;

  ASSERT_TRUE(host.start_rollout(shadowed));

  ASSERT_TRUE(await([&] { return rollout(host).newer.compared >= 20; })) << rollout(host).reason;
  EXPECT_EQ(rollout(host).newer.differences, rollout(host).newer.compared) << "every answer of it is a lie";
  EXPECT_EQ(callers.failed(), 0u);
  EXPECT_EQ(callers.wrong(), 0u);
  ASSERT_TRUE(host.abort_rollout("clerk"));
}

TEST_F(Shadows, get_a_share_when_their_answers_are_the_same) {
  Host host = start(clerks(newer({{"says", kOlder}})));
  const Callers callers{host};
  RolloutPlan shadowed = plan({{.shadow = true, .share = 500}, {.share = 1000}});
  shadowed.stages.back().dwell = 1h;

  ASSERT_TRUE(host.start_rollout(shadowed));

  ASSERT_TRUE(await([&] { return rollout(host).stage == 1; })) << rollout(host).reason;
  EXPECT_EQ(callers.failed(), 0u);
  ASSERT_TRUE(host.abort_rollout("clerk"));
}

TEST_F(Shadows, count_nothing_against_the_next_stage_of_what_they_have_when_they_end) {
  Host host = start(clerks(newer({{"says", kOlder}, {"delay_us", 5000}})));
  const Callers callers{host};  // faster than it is: there is always something before it
  RolloutPlan shadowed = plan({{.shadow = true}, {.share = 1000}});
  shadowed.stages.back().dwell = 1h;

  ASSERT_TRUE(host.start_rollout(shadowed));

  ASSERT_TRUE(await([&] { return rollout(host).stage == 1 && rollout(host).newer.calls >= 50; }))
      << rollout(host).reason;
  EXPECT_EQ(rollout(host).state, "Running") << rollout(host).reason;
  EXPECT_EQ(rollout(host).newer.failed, 0u);
  EXPECT_EQ(callers.failed(), 0u);
  ASSERT_TRUE(host.abort_rollout("clerk"));
}

TEST_F(Shadows, are_given_up_when_their_answers_differ) {
  Host host = start(clerks(newer({{"says", 100}, {"lie_every", 3}})));
  const Callers callers{host};

  ASSERT_TRUE(host.start_rollout(plan({{.shadow = true, .share = 1000}, {.share = 1000}})));

  EXPECT_THAT(await_event(host, HostEventKind::RolledBack, "clerk").text,
              HasSubstr("answers differ from those that were given"));
  EXPECT_EQ(callers.failed(), 0u);
  EXPECT_EQ(callers.wrong(), 0u);
  EXPECT_TRUE(await([&] { return pids_of_newer(host).empty(); }));
}

TEST_F(Shadows, die_without_a_word_to_callers) {
  Host host = start(clerks(newer({{"says", 100}})));
  const Callers callers{host};
  RolloutPlan shadowed = plan({{.shadow = true, .share = 1000}, {.share = 1000}});
  shadowed.stages.front().dwell = 1h;
  ASSERT_TRUE(host.start_rollout(shadowed));
  ASSERT_TRUE(await([&] { return rollout(host).newer.compared > 20; }));

  for (const std::int64_t pid : pids_of_newer(host)) send_signal(pid, SIGKILL);

  EXPECT_THAT(await_event(host, HostEventKind::RolledBack, "clerk").text, HasSubstr("1 crashes"));
  const auto before = callers.answered(kOlder);
  EXPECT_TRUE(await([&] { return callers.answered(kOlder) > before + 100; }));
  EXPECT_EQ(callers.failed(), 0u);
}

TEST_F(Shadows, are_not_waited_for_when_they_hang) {
  Host host = start(clerks(newer()));
  const Callers callers{host};
  RolloutPlan shadowed = plan({{.shadow = true, .share = 1000}, {.share = 1000}});
  shadowed.stages.front().gates.differences_max = 1000;
  shadowed.stages.front().dwell = 1h;
  ASSERT_TRUE(host.start_rollout(shadowed));
  ASSERT_TRUE(await([&] { return rollout(host).newer.compared > 20; }));
  const auto pids = pids_of_newer(host);
  ASSERT_EQ(pids.size(), 1u);
  const Frozen frozen{pids.front()};

  const auto before = callers.answered(kOlder);
  ASSERT_TRUE(await([&] { return callers.answered(kOlder) > before + 1000; })) << "its ring is full by then";
  ASSERT_TRUE(host.abort_rollout("clerk"));

  EXPECT_TRUE(await([&] { return pids_of_newer(host).empty(); }));
  EXPECT_EQ(callers.failed(), 0u);
}

TEST_F(Shadows, end_with_their_plugin) {
  Host host = start(clerks(newer()));
  RolloutPlan shadowed = plan({{.shadow = true, .share = 1000}, {.share = 1000}});
  shadowed.stages.front().dwell = 1h;
  ASSERT_TRUE(host.start_rollout(shadowed));

  ASSERT_TRUE(host.restart("clerk"));

  EXPECT_TRUE(await([&] { return rollout(host).state == "RolledBack"; }));
  EXPECT_TRUE(await([&] { return pids_of_newer(host).empty(); }));
  EXPECT_EQ(builds(host), Builds{kOlder});
}

TEST_F(Shadows, are_heard_by_nobody) {
  Host host = start(clerks(newer()));
  std::map<std::uint32_t, std::size_t> heard;  // by build
  const auto news =
      host.subscribe<clerks::News>("clerk.news", [&](const Received<clerks::News>& each) { ++heard[each->build()]; });
  ASSERT_TRUE(news) << to_string(news.error());
  const auto notes = host.publisher<clerks::Note>("clerk.notes").value();
  RolloutPlan shadowed = plan({{.shadow = true, .share = 1000}, {.share = 1000}});
  shadowed.stages.front().dwell = 1h;
  ASSERT_TRUE(host.start_rollout(shadowed));

  for (std::uint32_t i = 0; i < 50; ++i)
    ASSERT_TRUE(notes.publish([&](auto& build) { return clerks::CreateNote(build, i); }));

  ASSERT_TRUE(poll_until(host, [&] { return heard[kOlder] == 50; }));
  ASSERT_TRUE(poll_until(host, [&] {
    const auto plugins = host.snapshot().plugins;
    return std::ranges::any_of(plugins, [](const auto& each) { return each.unheard == 50; });
  })) << "the shadow has had them all";
  EXPECT_EQ(heard.size(), 1u);
  ASSERT_TRUE(host.abort_rollout("clerk"));
}

TEST_F(Shadows, are_reached_by_no_hint) {
  Host host = start(clerks(newer()));
  RolloutPlan shadowed = plan({{.shadow = true, .share = 1000}, {.share = 1000}});
  shadowed.stages.front().dwell = 1h;
  shadowed.stages.front().gates.differences_max = 1000;  // they answer with their builds
  ASSERT_TRUE(host.start_rollout(shadowed));

  EXPECT_EQ(builds(host, "1.1.0"), Builds{kOlder});
  EXPECT_THAT(builds(host, "1.1.0;required"), IsEmpty());
  ASSERT_TRUE(host.abort_rollout("clerk"));
}

}  // namespace
}  // namespace shunt::test
