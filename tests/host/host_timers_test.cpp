/// Timers of plugin processes: when they run, on which clock, and what becomes of those that go wrong.
#include "cast.hpp"
#include "pacer_client.hpp"

#include <atomic>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// What a timer of the pacer says of one time.
struct Said {
  std::uint64_t number = 0;
  long long due_ns = 0;
  unsigned long long missed = 0;
  long long now_ns = 0;
};

class HostTimers : public HostTest {
 protected:
  static PluginConfiguration pacer(std::string begin = {}) {
    auto configuration = plugin("libhost_pacer.so");
    configuration.config["start"] = {std::move(begin)};
    configuration.health_period = 10ms;
    return configuration;
  }
  static PluginConfiguration driven(std::string begin = {}) {
    auto configuration = pacer(std::move(begin));
    configuration.clock = PluginClock::Driven;
    return configuration;
  }
  static HostConfiguration with_pacer(PluginConfiguration pacer) {
    auto configuration = with({std::move(pacer), plugin("libhost_tail.so")});
    for (const char* name : {"pacer/act", "tail/act", "pacer.news", "tail.news"})
      route(configuration, name).wait = bus::Wait::Sleep;
    route(configuration, "pacer.news").slow_consumer = SlowConsumer::DropOldest;
    return configuration;
  }

  static Result<std::uint64_t> act(Host& host, std::string_view what, std::chrono::nanoseconds time = {},
                                   std::uint32_t count = 0) {
    auto client = host.client<pacer::Client>();
    if (!client) return tl::make_unexpected(client.error());
    const auto reply = client->act(order({.text = what, .count = count, .patience = time}), {.deadline = 30s});
    if (!reply) return tl::make_unexpected(reply.error());
    return (*reply)->number();
  }

  Subscription listen(Host& host) {
    return host
        .subscribe<stage::News>("pacer.news",
                                [this](Received<stage::News>& news) {
                                  Said said{.number = news->number()};
                                  if (news->text() != nullptr)
                                    std::sscanf(news->text()->c_str(), "%lld %llu %lld", &said.due_ns, &said.missed,
                                                &said.now_ns);
                                  heard.push_back(said);
                                })
        .value();
  }
  [[nodiscard]] std::vector<std::uint64_t> numbers() const {
    std::vector<std::uint64_t> result;
    for (const Said& each : heard) result.push_back(each.number);
    return result;
  }

  std::vector<Said> heard;
};

TEST_F(HostTimers, one_that_comes_again_is_never_early_and_does_not_drift) {
  Host host = start(with_pacer(pacer()));
  const auto news = listen(host);

  ASSERT_TRUE(act(host, "every", 2ms, 20));
  ASSERT_TRUE(poll_until(host, [&] { return heard.size() == 20; }));

  for (const Said& each : heard) {
    EXPECT_GE(each.now_ns, each.due_ns) << each.number;
    EXPECT_EQ((each.due_ns - heard.front().due_ns) % 2'000'000, 0) << each.number;
  }
}

TEST_F(HostTimers, one_that_sleeps_is_woken_by_its_timer_alone) {
  Host host = start(with_pacer(pacer()));  // it sleeps while it waits, 100 ms at a time
  const auto news = listen(host);
  long long least = INT64_MAX;

  for (std::uint64_t i = 1; i <= 5; ++i) {  // the best of five: another process may have had the core
    ASSERT_TRUE(act(host, "after", 7ms));
    ASSERT_TRUE(poll_until(host, [&] { return heard.size() == i; }));
  }
  ASSERT_TRUE(act(host, "every", 7ms, 10));
  ASSERT_TRUE(poll_until(host, [&] { return heard.size() >= 10; }));
  for (const Said& each : heard)
    if (each.due_ns != 0) least = std::min(least, each.now_ns - each.due_ns);

  EXPECT_LT(least, 5'000'000);
}

TEST_F(HostTimers, periods_for_which_there_was_no_time_are_missed_and_counted) {
  Host host = start(with_pacer(pacer()));
  const auto news = listen(host);
  ASSERT_TRUE(act(host, "every", 1ms, 1000));
  ASSERT_TRUE(poll_until(host, [&] { return !heard.empty(); }));

  ASSERT_TRUE(act(host, "sleep", 50ms));  // in a handler, where no timer runs
  const auto missed = [&] { return std::ranges::any_of(heard, [](const Said& each) { return each.missed >= 40; }); };
  ASSERT_TRUE(poll_until(host, missed));
  ASSERT_TRUE(act(host, "stop"));

  long long expected = heard.front().due_ns - 1'000'000;
  for (const Said& each : heard) {
    expected += 1'000'000;  // of each time only the first that was missed is told: no time is told twice
    EXPECT_GE(each.due_ns, expected);
    expected = each.due_ns + static_cast<long long>(each.missed) * 1'000'000;
  }
}

TEST_F(HostTimers, messages_have_their_turn_between_timers_that_are_always_due) {
  Host host = start(with_pacer(pacer()));

  ASSERT_TRUE(act(host, "every", 1us, 0));

  for (int i = 0; i < 20; ++i) EXPECT_TRUE(act(host, "count"));
}

TEST_F(HostTimers, one_that_is_cancelled_does_not_run_again) {
  Host host = start(with_pacer(pacer()));
  ASSERT_TRUE(act(host, "every", 1ms, 0));
  ASSERT_TRUE(await([&] { return act(host, "count").value() > 2; }));

  const auto stopped = act(host, "stop");
  ASSERT_TRUE(act(host, "sleep", 20ms));
  const auto later = act(host, "count");

  EXPECT_EQ(stopped.value(), later.value());
}

TEST_F(HostTimers, none_runs_before_activate_has_ended_or_once_cleanup_has_begun) {
  Host host = start(with_pacer(pacer("activate")));  // it sees for itself in activate
  ASSERT_TRUE(await([&] { return act(host, "count").value() > 2; }));

  ASSERT_TRUE(host.stop("pacer"));  // it exits with 4 or 5 if one runs, or can be started, in cleanup

  EXPECT_EQ(await_event(host, HostEventKind::Ended, "pacer").text, "ended as it was told to");
}

TEST_F(HostTimers, one_that_is_started_in_init_is_refused) {
  Host host = start(with_pacer(pacer("init")));

  EXPECT_EQ(act(host, "code").value(), static_cast<std::uint64_t>(ErrorCode::Undeclared));
}

TEST_F(HostTimers, there_may_be_1024_of_them_and_no_more) {
  Host host = start(with_pacer(pacer()));

  EXPECT_EQ(act(host, "many").value(), 1024u);
  EXPECT_EQ(act(host, "many").value(), 1024u) << "those before ended with their handles";
}

TEST_F(HostTimers, one_that_throws_goes_on_and_so_does_its_plugin) {
  Host host = start(with_pacer(pacer()));

  ASSERT_TRUE(act(host, "throw", 1ms));

  EXPECT_TRUE(await([&] { return act(host, "count").value() > 3; }));
  EXPECT_EQ(snapshot_of(host, "pacer").crashes, 0u);
}

TEST_F(HostTimers, one_that_does_not_come_back_ends_its_instance_though_nobody_sends_it_anything) {
  auto hanging = pacer();
  hanging.handler_max = 50ms;
  hanging.restart.crashes_max = 1;
  Host host = start(with_pacer(hanging));

  ASSERT_TRUE(act(host, "hang", 1ms));

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "pacer").text,
              AllOf(HasSubstr("PluginStuck"), HasSubstr("timer has not come back")));
}

TEST_F(HostTimers, one_that_does_not_come_back_ends_its_instance_though_other_workers_serve) {
  auto hanging = plugin("libhost_pacer-crowd.so");
  hanging.handler_max = 2s;  // of the calls, too, on a machine that has other things to do
  hanging.health_period = 10ms;
  hanging.restart.crashes_max = 1;
  Host host = start(with_pacer(hanging));

  ASSERT_TRUE(act(host, "hang", 1ms));
  while (act(host, "now")) {
  }

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "pacer").text,
              AllOf(HasSubstr("PluginStuck"), HasSubstr("timer has not come back")));
}

TEST_F(HostTimers, a_drain_waits_for_none_of_them) {
  Host host = start(with_pacer(pacer()));
  const auto news = listen(host);
  ASSERT_TRUE(act(host, "every", 1ms));

  EXPECT_TRUE(host.drain("pacer/act", kPatience));

  const std::size_t before = heard.size();
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() > before; })) << "they go on";
}

TEST_F(HostTimers, one_may_call_another_plugin_and_publish_what_it_says) {
  Host host = start(with_pacer(pacer()));
  const auto news = listen(host);

  ASSERT_TRUE(act(host, "ask", 1ms));

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 1; }));
}

TEST_F(HostTimers, a_driven_clock_stands_still_until_it_is_told_to_go_on) {
  Host host = start(with_pacer(driven()));
  const auto before = act(host, "now");
  ASSERT_TRUE(act(host, "after", 5ms));
  ASSERT_TRUE(act(host, "sleep", 20ms));

  const auto early = host.advance_clock("pacer", 4ms);
  const auto due = host.advance_clock("pacer", 1ms);

  EXPECT_EQ(before.value(), 0u);
  EXPECT_EQ(early.value().says_fired, 0u);
  EXPECT_EQ(due.value().says_fired, 1u);
  EXPECT_EQ(due.value().now, 5ms);
  EXPECT_EQ(act(host, "now").value(), 5'000'000u);
}

TEST_F(HostTimers, on_a_driven_clock_timers_run_in_their_order_each_at_its_moment) {
  Host host = start(with_pacer(driven()));
  const auto news = listen(host);
  ASSERT_TRUE(act(host, "in order"));

  const auto advanced = host.advance_clock("pacer", 10ms);
  ASSERT_TRUE(poll_until(host, [&] { return heard.size() == 4; }));

  EXPECT_EQ(advanced.value().says_fired, 4u);
  EXPECT_THAT(numbers(), ElementsAre(1, 11, 2, 3));
  EXPECT_EQ(heard[0].due_ns, 1'000'000);  // here: when it ran
  EXPECT_EQ(heard[2].due_ns, 2'000'000);
  EXPECT_EQ(heard[3].due_ns, 3'000'000);
}

TEST_F(HostTimers, a_driven_clock_misses_no_period_however_far_it_goes) {
  Host host = start(with_pacer(driven()));
  ASSERT_TRUE(act(host, "every", 1ms, 0));

  const auto advanced = host.advance_clock("pacer", 1s);

  EXPECT_EQ(advanced.value().says_fired, 1000u);
  EXPECT_EQ(act(host, "count").value(), 1000u);
}

TEST_F(HostTimers, the_next_instance_goes_on_where_the_driven_clock_stood) {
  Host host = start(with_pacer(driven()));
  ASSERT_TRUE(host.advance_clock("pacer", 7ms));

  ASSERT_TRUE(host.restart("pacer"));

  EXPECT_EQ(act(host, "now").value(), 7'000'000u);
}

TEST_F(HostTimers, a_clock_that_cannot_be_driven_is_named_with_what_to_do) {
  Host host = start(with_pacer(pacer()));

  const auto by_itself = host.advance_clock("pacer", 1ms);
  const auto unknown = host.advance_clock("nobody", 1ms);
  const auto back = host.advance_clock("pacer", -1ms);

  EXPECT_EQ(by_itself.error().code, ErrorCode::BadInput);
  EXPECT_THAT(by_itself.error().message, HasSubstr("clock = \"driven\""));
  EXPECT_EQ(unknown.error().code, ErrorCode::NoSuchPlugin);
  EXPECT_EQ(back.error().code, ErrorCode::BadInput);
}

TEST_F(HostTimers, whoever_drives_a_clock_hears_that_the_instance_ended_or_takes_too_long) {
  auto hanging = driven();
  hanging.handler_max = 200ms;
  hanging.restart.crashes_max = 1;
  Host host = start(with_pacer(hanging));
  ASSERT_TRUE(act(host, "hang", 1ms));

  const auto late = host.advance_clock("pacer", 1ms, 1ms);
  const auto ended = host.advance_clock("pacer", 1ms, 30s);

  EXPECT_EQ(late.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_EQ(ended.error().code, ErrorCode::PluginCrashed);
}

}  // namespace
}  // namespace shunt::test
