/// How much a route takes now, and hearing when one that refused takes anything again.
#include "quotes.hpp"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <poll.h>

namespace shunt::test {
namespace {

class Room : public HostTest {
 protected:
  static constexpr std::uint32_t kBacklog = 10;

  static HostConfiguration with_backlog() {
    auto configuration = with({scribe()});
    route(configuration, "stage.quotes").slow_consumer = SlowConsumer::Refuse;
    route(configuration, "stage.quotes").backlog = kBacklog;
    return configuration;
  }
  static void fill(Host& host) {
    for (std::uint64_t i = 0; i < kScribeRing + kBacklog; ++i) ASSERT_TRUE(publish(host, i));
    ASSERT_EQ(publish(host, 99).error().code, ErrorCode::RingFull);
  }
  static std::size_t room(Host& host, std::string_view route = "stage.quotes") { return host.room(route).value(); }
};

TEST_F(Room, counts_down_with_every_message_to_zero_where_the_next_is_refused) {
  Host host = start(with_backlog());
  const Frozen frozen{host, "scribe"};

  for (std::size_t left = kScribeRing + kBacklog; left > 0; --left) {
    ASSERT_EQ(room(host), left);
    ASSERT_TRUE(publish(host, left));
  }

  EXPECT_EQ(room(host), 0u);
  EXPECT_FALSE(publish(host, 1));
}

TEST_F(Room, is_that_of_the_backlog_alone_while_the_plugin_is_started_again) {
  auto configuration = with_backlog();
  configuration.plugins[0].restart.delay_first = configuration.plugins[0].restart.delay_max = 10s;
  Host host = start(std::move(configuration));

  send_signal(pid_of(host, "scribe"), SIGKILL);
  await_event(host, HostEventKind::Restarting, "scribe");

  EXPECT_EQ(room(host), kBacklog);
}

TEST_F(Room, is_none_where_nothing_goes_and_without_end_where_nobody_receives) {
  Host host = start(with({scribe(), herald()}));

  EXPECT_EQ(room(host, "herald.quotes") > 0, true);
  ASSERT_TRUE(host.disable("stage.quotes"));
  EXPECT_EQ(room(host), 0u);
  ASSERT_TRUE(host.enable("stage.quotes"));
  ASSERT_TRUE(host.stop("scribe"));
  EXPECT_EQ(room(host), RouteHandle::kRoomUnbounded);
  EXPECT_EQ(host.room("stage.qoutes").error().code, ErrorCode::NoSuchRoute);
}

TEST_F(Room, of_a_function_is_no_more_than_the_calls_that_may_be_in_flight) {
  auto configuration = with({actor()});
  route(configuration, "actor/act").in_flight_max = 3;
  Host host = start(std::move(configuration));
  auto client = host.client<actor::Client>().value();
  const Frozen frozen{host, "actor"};

  ASSERT_EQ(room(host, "actor/act"), 3u);
  auto first = client.act_async(order({}), {.deadline = 60s});
  auto second = client.act_async(order({}), {.deadline = 60s});

  EXPECT_EQ(room(host, "actor/act"), 1u);
}

TEST_F(Room, a_callback_runs_once_in_a_poll_when_the_topic_that_refused_takes_more) {
  Host host = start(with_backlog());
  std::size_t called = 0;
  Writable writable;
  {
    const Frozen frozen{host, "scribe"};
    fill(host);
    writable = host.on_writable("stage.quotes",
                                [&] {
                                  ++called;
                                  EXPECT_TRUE(publish(host, 500));
                                })
                   .value();
    for (int i = 0; i < 100; ++i) static_cast<void>(host.poll());
    EXPECT_EQ(called, 0u);
    EXPECT_TRUE(writable.waits());
  }
  ASSERT_TRUE(poll_until(host, [&] { return called > 0; }));
  for (int i = 0; i < 100; ++i) static_cast<void>(host.poll());

  EXPECT_EQ(called, 1u);
  EXPECT_FALSE(writable.waits());
}

TEST_F(Room, a_callback_runs_also_where_there_is_room_before_it_is_asked_for) {
  Host host = start(with_backlog());
  std::size_t called = 0;

  const auto writable = host.on_writable("stage.quotes", [&] { ++called; });
  ASSERT_TRUE(writable);
  static_cast<void>(host.poll());

  EXPECT_EQ(called, 1u);
}

TEST_F(Room, a_callback_ends_the_sleep_of_a_dispatcher_and_of_an_event_fd) {
  Host host = start(with_backlog());
  for (const bool by_descriptor : {false, true}) {
    std::atomic<bool> called{false};
    std::optional<Writable> writable;
    std::jthread sleeper;
    {
      const Frozen frozen{host, "scribe"};
      while (publish(host, 1)) {
      }
      writable = host.on_writable("stage.quotes", [&] { called = true; }).value();
      const int descriptor = by_descriptor ? host.event_fd().value() : -1;
      sleeper = std::jthread{[&host, &called, descriptor](const std::stop_token& stop) {
        if (descriptor < 0) return static_cast<void>(host.run_dispatcher(stop));
        while (!stop.stop_requested() && !called) {
          pollfd waits{descriptor, POLLIN, 0};
          if (::poll(&waits, 1, 100) > 0) static_cast<void>(host.poll());
        }
      }};
    }
    EXPECT_TRUE(await([&] { return called.load(); }));
  }
}

TEST_F(Room, no_callback_runs_after_its_object_is_gone) {
  Host host = start(with_backlog());
  std::size_t called = 0;
  {
    const Frozen frozen{host, "scribe"};
    fill(host);
    const auto writable = host.on_writable("stage.quotes", [&] { ++called; });
    ASSERT_TRUE(writable);
  }
  ASSERT_TRUE(poll_until(host, [&] { return room(host) > 0; }));
  for (int i = 0; i < 100; ++i) static_cast<void>(host.poll());

  EXPECT_EQ(called, 0u);
}

TEST_F(Room, a_callback_may_end_its_own_object_and_ask_again) {
  Host host = start(with_backlog());
  Writable writable;
  std::size_t called = 0;
  std::function<void()> again = [&] {
    if (++called < 5) writable = host.on_writable("stage.quotes", again).value();
  };
  writable = host.on_writable("stage.quotes", again).value();

  ASSERT_TRUE(poll_until(host, [&] { return called == 5; }));
}

TEST_F(Room, none_is_missed_by_who_publishes_as_fast_as_it_is_let) {
  constexpr std::uint64_t kAll = 3000;
  Host host = start(with_backlog());
  std::uint64_t next = 0;
  Writable writable;
  std::function<void()> go_on = [&] {
    while (next < kAll && publish(host, next)) ++next;
    if (next < kAll) writable = host.on_writable("stage.quotes", go_on).value();
  };

  go_on();
  std::jthread dispatcher{[&](const std::stop_token& stop) { static_cast<void>(host.run_dispatcher(stop)); }};
  Numbers heard;  // without a poll() of this thread's: the dispatcher alone runs callbacks
  EXPECT_TRUE(await([&] { return (heard = recall(host)).size() >= kAll; }));
  dispatcher.request_stop();
  dispatcher.join();

  EXPECT_THAT(heard, ::testing::ElementsAreArray(numbers(0, kAll)));
}

}  // namespace
}  // namespace shunt::test
