/// A version that gets copies, before it gets anything else: what it says is compared, and goes nowhere.
#include "rollouts.hpp"

#include <algorithm>
#include <csignal>
#include <map>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Shadows : public RolloutTest {};

TEST_F(Shadows, have_their_answers_compared_and_told_to_nobody) {
  Host host = start(clerks(newer({{"says", 100}})));
  const Callers callers{host};
  RolloutPlan shadowed = plan({{.shadow = true, .share = 500}, {.share = 1000}});
  shadowed.stages.back().dwell = 1h;

  ASSERT_TRUE(host.start_rollout(shadowed));

  ASSERT_TRUE(await([&] { return rollout(host).newer.compared >= 20 || rollout(host).stage == 1; }));
  ASSERT_TRUE(await([&] { return rollout(host).stage == 1; })) << rollout(host).reason;
  EXPECT_EQ(callers.failed(), 0u);
  EXPECT_EQ(callers.answered(kNewer), 0u) << "it says that it is the other build";
  ASSERT_TRUE(host.abort_rollout("clerk"));
}

TEST_F(Shadows, are_given_up_when_their_answers_differ) {
  Host host = start(clerks(newer({{"says", 100}, {"lie_every", 3}})));
  const Callers callers{host};

  ASSERT_TRUE(host.start_rollout(plan({{.shadow = true, .share = 1000}, {.share = 1000}})));

  EXPECT_THAT(await_event(host, HostEventKind::RolledBack, "clerk").text,
              HasSubstr("answers differ from those that were given"));
  EXPECT_EQ(callers.failed(), 0u);
  EXPECT_EQ(callers.answered(kNewer), 0u);
  EXPECT_TRUE(await([&] {
    const auto plugins = host.snapshot().plugins;
    return std::ranges::none_of(plugins,
                                [](const auto& each) { return each.version.starts_with("1.1.0") && !each.warm; });
  }));
}

TEST_F(Shadows, die_without_a_word_to_callers) {
  Host host = start(clerks(newer({{"says", 100}})));
  const Callers callers{host};
  RolloutPlan shadowed = plan({{.shadow = true, .share = 1000}, {.share = 1000}});
  shadowed.stages.front().dwell = 1h;
  ASSERT_TRUE(host.start_rollout(shadowed));
  ASSERT_TRUE(await([&] { return rollout(host).newer.compared > 20; }));

  for (const PluginSnapshot& each : host.snapshot().plugins)
    if (each.version.starts_with("1.1.0") && !each.warm) send_signal(each.pid, SIGKILL);

  EXPECT_THAT(await_event(host, HostEventKind::RolledBack, "clerk").text, HasSubstr("1 crashes"));
  const auto before = callers.answered(kOlder);
  EXPECT_TRUE(await([&] { return callers.answered(kOlder) > before + 100; }));
  EXPECT_EQ(callers.failed(), 0u);
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
  ASSERT_TRUE(host.start_rollout(shadowed));

  EXPECT_EQ(builds(host, "1.1.0"), Builds{kOlder});
  EXPECT_THAT(builds(host, "1.1.0;required"), IsEmpty());
  ASSERT_TRUE(host.abort_rollout("clerk"));
}

}  // namespace
}  // namespace shunt::test
