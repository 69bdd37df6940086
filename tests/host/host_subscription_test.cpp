/// What a subscription's callback holds, and when it lets go: a callback may hold what holds its host.
#include "cast.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using News = Received<stage::News>;

class Subscriptions : public HostTest {
 protected:
  static void tell(Host& host) {
    EXPECT_TRUE(
        host.client<actor::Client>().value().act(order({.deed = Deed::Publish, .number = 1}), {.deadline = 30s}));
  }
  /// A callback that holds its host: a client is in it.
  static auto asking(Host& host) {
    return [client = host.client<actor::Client>().value()](News&) mutable {
      static_cast<void>(client.act(order({}), {.deadline = 30s}));
    };
  }
};

TEST_F(Subscriptions, whose_callback_holds_a_client_leave_nothing_when_they_go_before_their_host) {
  for (int i = 0; i < 5; ++i) {
    Host host = start({actor()});
    const auto subscription = host.subscribe<stage::News>("actor.news", asking(host)).value();
    tell(host);
    EXPECT_TRUE(poll_until(host, [&] { return snapshot_of(host, "actor").done == 2; }));
  }
}

TEST_F(Subscriptions, whose_callback_holds_a_client_leave_nothing_when_they_go_after_their_host) {
  std::optional<Host> host = start({actor()});
  const auto subscription = host->subscribe<stage::News>("actor.news", asking(*host)).value();

  host.reset();
}

TEST_F(Subscriptions, that_end_in_their_own_callback_let_go_what_it_holds_once_it_has_returned) {
  Host host = start({actor()});
  const auto held = std::make_shared<int>(7);
  std::optional<Subscription> subscription;
  bool held_in_callback = false;
  subscription =
      host.subscribe<stage::News>("actor.news",
                                  [&, held = std::weak_ptr{held}, own = held, ask = asking(host)](News& news) mutable {
                                    ask(news);
                                    subscription.reset();
                                    held_in_callback = held.use_count() == 2;
                                  })
          .value();
  tell(host);

  EXPECT_TRUE(poll_until(host, [&] { return !subscription; }));

  EXPECT_TRUE(held_in_callback);
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Subscriptions, two_that_end_in_their_own_callbacks_hear_one_message_each_and_a_third_hears_all) {
  Host host = start({actor()});
  std::optional<Subscription> subscriptions[2];
  int heard[3]{};
  for (const std::size_t i : {0u, 1u})
    subscriptions[i] = host.subscribe<stage::News>("actor.news",
                                                   [&, i](News&) {
                                                     ++heard[i];
                                                     subscriptions[i].reset();
                                                   })
                           .value();
  const auto third = host.subscribe<stage::News>("actor.news", [&](News&) { ++heard[2]; }).value();

  for (int i = 0; i < 3; ++i) tell(host);

  EXPECT_TRUE(poll_until(host, [&] { return heard[0] > 0 && heard[1] > 0 && heard[2] == 3; }));
  EXPECT_EQ(host.poll(), 0u);
  EXPECT_THAT(heard, testing::ElementsAre(1, 1, 3));
}

TEST_F(Subscriptions, that_end_in_anothers_callback_wait_for_their_own_to_return) {
  Host host = start({actor()});
  std::atomic<bool> entered = false;
  std::atomic<bool> ending = false;
  std::atomic<bool> returned = false;
  std::atomic<bool> ended = false;
  std::optional<Subscription> first =
      host.subscribe<stage::News>("actor.news",
                                  [&, ask = asking(host)](News& news) mutable {
                                    entered = true;
                                    EXPECT_TRUE(await([&] { return ending.load(); }));
                                    for (int i = 0; i < 10; ++i)
                                      ask(news);  // long enough for the other thread to go on, if it did
                                    returned = true;
                                  })
          .value();
  const auto second = host.subscribe<stage::News>("actor.news",
                                                  [&](News&) {
                                                    EXPECT_TRUE(await([&] { return entered.load(); }));
                                                    ending = true;
                                                    first.reset();
                                                    EXPECT_TRUE(returned);
                                                    ended = true;
                                                  })
                          .value();
  tell(host);
  // Whichever thread runs the first callback stays in it until the other has run the second one.
  std::jthread other{[&] { EXPECT_TRUE(poll_until(host, [&] { return ended.load(); })); }};

  EXPECT_TRUE(poll_until(host, [&] { return ended.load(); }));
}

TEST_F(Subscriptions, that_end_in_a_callback_of_another_host_that_theirs_polls_do_not_wait_for_themselves) {
  Host host = start({actor()});
  Host inner_host = start({actor()});
  std::optional<Subscription> outer;
  std::optional<ErrorCode> polled;
  const auto inner = inner_host
                         .subscribe<stage::News>("actor.news",
                                                 [&](News&) {
                                                   outer.reset();
                                                   const auto again = host.poll();
                                                   polled = again ? ErrorCode::Unknown : again.error().code;
                                                 })
                         .value();
  outer = host.subscribe<stage::News>(
                  "actor.news", [&](News&) { EXPECT_TRUE(poll_until(inner_host, [&] { return polled.has_value(); })); })
              .value();
  tell(inner_host);
  tell(host);

  EXPECT_TRUE(poll_until(host, [&] { return polled.has_value(); }));
  EXPECT_EQ(polled, ErrorCode::WouldDeadlock);
}

}  // namespace
}  // namespace shunt::test
