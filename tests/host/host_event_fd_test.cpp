/// Host::event_fd(): an epoll of the user's own wakes for every callback, and for nothing else.
#include "cast.hpp"

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>

namespace shunt::test {
namespace {

class EventFd : public HostTest {
 protected:
  /// Whether it can be read from within `patience`.
  static bool can_be_read(int fd, std::chrono::milliseconds patience) {
    pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&wanted, 1, static_cast<int>(patience.count())) == 1;
  }

  /// Polls once for each wake-up, as the header says, until `condition`; the number of wake-ups.
  template <typename Condition>
  static int wake_until(Host& host, int fd, Condition&& condition) {
    int wakes = 0;
    while (!condition()) {
      if (!can_be_read(fd, kPatience)) throw std::runtime_error("nothing woke it");
      ++wakes;
      static_cast<void>(host.poll().value());
    }
    return wakes;
  }
};

TEST_F(EventFd, wakes_from_idle_for_a_publication_and_not_again) {
  Host host = start({actor()});
  std::uint64_t heard = 0;
  const auto news =
      host.subscribe<stage::News>("actor.news", [&](Received<stage::News>& each) { heard = each->number(); });
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  auto client = host.client<actor::Client>().value();
  const int fd = host.event_fd().value();
  EXPECT_EQ(host.event_fd().value(), fd);
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);

  for (std::uint64_t i = 1; i <= 5; ++i) {
    EXPECT_FALSE(can_be_read(fd, 30ms)) << "while nothing is sent";
    ASSERT_TRUE(client.act(order({.deed = Deed::Publish, .number = i}), {.deadline = 30s}));
    EXPECT_LE(wake_until(host, fd, [&] { return heard == i; }), 2);
    EXPECT_EQ(host.poll().value(), 0u);
  }
}

TEST_F(EventFd, a_poll_that_left_nothing_clears_it_only_when_it_ran_none) {
  Host host = start({actor()});
  std::uint64_t heard = 0;
  const auto news = host.subscribe<stage::News>("actor.news", [&](Received<stage::News>&) { ++heard; });
  auto client = host.client<actor::Client>().value();
  const int fd = host.event_fd().value();

  ASSERT_TRUE(client.act(order({.deed = Deed::Publish, .number = 1}), {.deadline = 30s}));
  ASSERT_TRUE(can_be_read(fd, kPatience));

  EXPECT_EQ(host.poll().value(), 1u);
  EXPECT_TRUE(can_be_read(fd, 0ms));
  EXPECT_EQ(host.poll().value(), 0u);
  EXPECT_FALSE(can_be_read(fd, 30ms));
}

TEST_F(EventFd, stays_readable_when_a_callback_throws_and_more_is_due) {
  Host host = start({actor()});
  std::uint64_t heard = 0;
  const auto news = host.subscribe<stage::News>("actor.news", [&](Received<stage::News>&) {
    if (++heard == 1) throw std::runtime_error("on purpose");
  });
  auto client = host.client<actor::Client>().value();
  const int fd = host.event_fd().value();
  for (std::uint64_t i = 1; i <= 3; ++i)
    ASSERT_TRUE(client.act(order({.deed = Deed::Publish, .number = i}), {.deadline = 30s}));
  ASSERT_TRUE(can_be_read(fd, kPatience));

  EXPECT_THROW(static_cast<void>(host.poll()), std::runtime_error);

  wake_until(host, fd, [&] { return heard == 3; });
}

TEST_F(EventFd, no_publication_is_missed_while_other_threads_call_wait_and_dispatch) {
  constexpr std::uint64_t kRounds = 300;
  Host host = start({actor(), partner()});
  std::atomic<std::uint64_t> heard = 0;
  const auto news = host.subscribe<stage::News>("actor.news", [&](Received<stage::News>&) { ++heard; });
  auto client = host.client<actor::Client>().value();
  auto other = host.client<partner::Client>().value();
  const int fd = host.event_fd().value();
  std::jthread caller([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) EXPECT_TRUE(other.act(order({.number = 1}), {.deadline = 30s}));
  });
  std::jthread waiter([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) host.wait(10ms);
  });

  for (std::uint64_t i = 1; i <= kRounds; ++i) {
    ASSERT_TRUE(client.act(order({.deed = Deed::Publish, .number = i}), {.deadline = 30s}));
    const int wakes = wake_until(host, fd, [&] { return heard == i; });
    ASSERT_LE(wakes, 3) << "for one publication";
  }

  std::jthread dispatcher([&](const std::stop_token& stop) { EXPECT_TRUE(host.run_dispatcher(stop)); });
  for (std::uint64_t i = 1; i <= kRounds; ++i)
    ASSERT_TRUE(client.act(order({.deed = Deed::Publish, .number = i}), {.deadline = 30s}));
  EXPECT_TRUE(await([&] { return heard == 2 * kRounds; })) << "with nobody at the descriptor";
}

TEST_F(EventFd, a_callback_that_another_thread_runs_does_not_wake_it_over_and_over) {
  Host host = start({actor()});
  std::atomic<bool> go_on = false;
  std::atomic<std::uint64_t> heard = 0;
  const auto news = host.subscribe<stage::News>("actor.news", [&](Received<stage::News>&) {
    ++heard;
    while (!go_on) std::this_thread::sleep_for(1ms);
  });
  auto client = host.client<actor::Client>().value();
  const int fd = host.event_fd().value();
  ASSERT_TRUE(client.act(order({.deed = Deed::Publish, .number = 1}), {.deadline = 30s}));
  std::thread slow([&] { static_cast<void>(poll_until(host, [&] { return heard > 0; })); });
  ASSERT_TRUE(await([&] { return heard == 1; }));
  for (std::uint64_t i = 2; i <= 3; ++i)
    ASSERT_TRUE(client.act(order({.deed = Deed::Publish, .number = i}), {.deadline = 30s}));

  int wakes = 0;
  for (; can_be_read(fd, 100ms) && wakes < 1000; ++wakes) EXPECT_EQ(host.poll().value(), 0u);
  go_on = true;
  slow.join();
  wake_until(host, fd, [&] { return heard == 3; });

  EXPECT_LE(wakes, 3);
}

TEST_F(EventFd, a_subscription_that_ends_with_something_due_leaves_nothing_to_wake_for) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  const int fd = host.event_fd().value();
  {
    const auto news = host.subscribe<stage::News>("actor.news", [](Received<stage::News>&) {});
    ASSERT_TRUE(client.act(order({.deed = Deed::Publish, .number = 1}), {.deadline = 30s}));
    ASSERT_TRUE(can_be_read(fd, kPatience));
  }

  EXPECT_EQ(host.poll().value(), 0u);
  EXPECT_FALSE(can_be_read(fd, 30ms));
}

/// What is due for calls that were started with a callback.
class EventFdOfCalls : public EventFd {
 protected:
  using Outcome = Result<Reply<stage::Outcome>>;
  /// Long enough that no test ends by it.
  static constexpr auto kHour = 1h;

  /// What their callbacks got, in order; Unknown for a reply.
  std::vector<ErrorCode> codes_;
  auto note() {
    return [this](const Outcome& outcome) { codes_.push_back(outcome ? ErrorCode::Unknown : outcome.error().code); };
  }
};

TEST_F(EventFdOfCalls, wakes_from_idle_whatever_the_outcome_is_and_not_again) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  const int fd = host.event_fd().value();
  std::vector<ErrorCode> expected;
  const auto expect_to_wake_for = [&](ErrorCode code) {
    expected.push_back(code);
    EXPECT_LE(wake_until(host, fd, [&] { return codes_.size() == expected.size(); }), 2);
    EXPECT_EQ(codes_, expected);
    EXPECT_EQ(host.poll().value(), 0u);
    EXPECT_FALSE(can_be_read(fd, 30ms)) << "nothing is due any more";
  };

  ASSERT_TRUE(client.act_async(order({}), {.deadline = kHour}, note()));
  expect_to_wake_for(ErrorCode::Unknown);
  {
    const Frozen frozen{host, "actor"};  // which would see the deadline, and say so first
    ASSERT_TRUE(client.act_async(order({}), {.deadline = 50ms}, note()));
    expect_to_wake_for(ErrorCode::DeadlineExceeded);
  }
  auto started = client.act_async(order({.deed = Deed::UntilCancelled}), {.deadline = kHour}, note()).value();
  EXPECT_FALSE(can_be_read(fd, 30ms)) << "it is on its way";
  std::jthread{[&] { EXPECT_TRUE(started.cancel()); }}.join();
  expect_to_wake_for(ErrorCode::Cancelled);
  ASSERT_TRUE(client.act_async(order({.deed = Deed::Exit}), {.deadline = kHour}, note()));
  expect_to_wake_for(ErrorCode::OutcomeUnknown);
}

TEST_F(EventFdOfCalls, a_deadline_that_is_earlier_than_those_before_it_wakes_too) {
  Host host = start({actor(), partner()});
  auto late = host.client<partner::Client>().value();
  auto client = host.client<actor::Client>().value();
  const int fd = host.event_fd().value();
  auto last = late.act_async(order({.deed = Deed::UntilCancelled}), {.deadline = kHour}, note()).value();

  {
    const Frozen frozen{host, "actor"};  // which would see the deadline, and say so first
    for (std::size_t i = 1; i <= 20; ++i) {
      ASSERT_TRUE(client.act_async(order({}), {.deadline = 10ms}, note()));
      EXPECT_LE(wake_until(host, fd, [&] { return codes_.size() == i; }), 2);
      EXPECT_EQ(codes_.back(), ErrorCode::DeadlineExceeded);
    }
  }

  EXPECT_TRUE(last.cancel());
  wake_until(host, fd, [&] { return codes_.size() == 21; });
  EXPECT_EQ(codes_.back(), ErrorCode::Cancelled);
}

TEST_F(EventFdOfCalls, a_deadline_that_passes_after_the_reply_wakes_nobody) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  const int fd = host.event_fd().value();
  ASSERT_TRUE(client.act(order({}), {.deadline = 30s}));
  const auto deadline = std::chrono::steady_clock::now() + 200ms;
  ASSERT_TRUE(client.act_async(order({}), {.deadline = 200ms}, note()));
  wake_until(host, fd, [&] { return codes_.size() == 1; });
  EXPECT_EQ(host.poll().value(), 0u);

  while (std::chrono::steady_clock::now() < deadline + 100ms) ASSERT_FALSE(can_be_read(fd, 10ms));

  EXPECT_EQ(host.poll().value(), 0u);
}

TEST_F(EventFdOfCalls, none_is_missed_while_other_threads_call_wait_and_dispatch) {
  constexpr std::size_t kRounds = 300;
  Host host = start({actor(), partner()});
  std::atomic<std::size_t> ended = 0;
  std::atomic<std::size_t> replies = 0;
  const auto count = [&](const Outcome& outcome) { replies += outcome ? 1 : 0, ++ended; };
  auto client = host.client<actor::Client>().value();
  auto other = host.client<partner::Client>().value();
  const int fd = host.event_fd().value();
  std::jthread caller([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) EXPECT_TRUE(other.act(order({.number = 1}), {.deadline = 30s}));
  });
  std::jthread waiter([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) host.wait(10ms);
  });

  for (std::size_t i = 1; i <= kRounds; ++i) {
    auto started = client.act_async(order({.number = i}), {.deadline = 30s}, count);
    ASSERT_TRUE(started);
    if (i % 3 == 0) started->cancel();
    const int wakes = wake_until(host, fd, [&] { return ended == i; });
    ASSERT_LE(wakes, 3) << "for one call";
  }

  std::jthread dispatcher([&](const std::stop_token& stop) { EXPECT_TRUE(host.run_dispatcher(stop)); });
  for (std::size_t i = 1; i <= kRounds; ++i)
    ASSERT_TRUE(client.act_async(order({.number = i}), {.deadline = 30s}, count));
  EXPECT_TRUE(await([&] { return ended == 2 * kRounds; })) << "with nobody at the descriptor";
  EXPECT_GE(replies, kRounds + kRounds * 2 / 3);
}

TEST_F(EventFdOfCalls, stays_readable_when_a_callback_throws_and_more_is_due) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  const int fd = host.event_fd().value();
  ASSERT_TRUE(
      client.act_async(order({}), {.deadline = 30s}, [](const Outcome&) { throw std::runtime_error("on purpose"); }));
  ASSERT_TRUE(client.act_async(order({}), {.deadline = 30s}, note()));
  ASSERT_TRUE(client.act(order({}), {.deadline = 30s})) << "behind both";
  ASSERT_TRUE(can_be_read(fd, kPatience));

  EXPECT_THROW(static_cast<void>(host.poll()), std::runtime_error);

  wake_until(host, fd, [&] { return codes_.size() == 1; });
}

TEST_F(EventFd, ends_with_its_host_and_its_thread_too) {
  int fd = -1;
  {
    Host host = start({actor()});
    fd = host.event_fd().value();
  }

  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);  // the thread: as every test here
}

}  // namespace
}  // namespace shunt::test
