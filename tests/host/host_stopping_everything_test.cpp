/// stop, drain, disable, enable and restart for everything.
#include "stopping.hpp"

#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using News = Received<stage::News>;

TEST_F(Stopping, everything_is_taken_off_and_comes_back) {
  Host host = start({actor(), partner()});
  const auto serving = [&] {
    return serves(host) && host.client<partner::Client>().value().act(order({}), {.deadline = 30s});
  };
  const auto states = [&] { return snapshot_of(host, "actor").state + ", " + snapshot_of(host, "partner").state; };

  ASSERT_TRUE(host.drain(Scope::everything(), kPatience));
  EXPECT_EQ(snapshot_of(host, "actor").admission, "Drained");
  EXPECT_EQ(snapshot_of(host, "partner").admission, "Drained");
  EXPECT_EQ(states(), "Active, Active");
  ASSERT_TRUE(host.enable(Scope::everything()));
  EXPECT_TRUE(serving());
  ASSERT_TRUE(host.stop(Scope::everything(), kPatience));
  EXPECT_EQ(states(), "Stopped, Stopped");
  EXPECT_TRUE(Belongings::now().children.empty());
  ASSERT_TRUE(host.restart(Scope::everything(), kPatience));
  EXPECT_TRUE(serving());
  ASSERT_TRUE(host.restart(Scope::everything(), kPatience));
  EXPECT_TRUE(serving());
}

TEST_F(Stopping, everything_starts_together_so_that_what_one_publishes_as_it_starts_is_heard_by_another) {
  Host host = start({actor("activate publish"), partner()});
  std::jthread poller{[&](const std::stop_token& stop) {
    while (!stop.stop_requested()) static_cast<void>(host.poll()), std::this_thread::sleep_for(50us);
  }};
  const auto heard_it = [&] { return snapshot_of(host, "partner").done == 1; };  // of the instance that serves
  ASSERT_TRUE(await(heard_it)) << "as it does when the host starts";

  for (int i = 0; i < 5; ++i) {
    const auto before = snapshot_of(host, "partner").instance;

    ASSERT_TRUE(host.restart(Scope::everything(), kPatience));

    EXPECT_NE(snapshot_of(host, "partner").instance, before);
    ASSERT_TRUE(await(heard_it));
  }
}

TEST_F(Stopping, everything_finishes_together_so_that_what_one_does_for_another_is_done_too) {
  Host host = start({patient(actor()), patient(partner())});
  std::vector<std::uint64_t> passed_on;
  const auto subscription =
      host.subscribe<stage::News>("partner.news", [&](News& news) { passed_on.push_back(news->number()); });
  Result<Reply<stage::Outcome>> asked = error(ErrorCode::Unknown, "not answered");
  std::jthread caller;
  std::jthread drainer;
  {
    const Frozen frozen{host, "actor"};
    caller = std::jthread{[&] {
      auto client = host.client<actor::Client>().value();
      asked = client.act(order({.deed = Deed::Ask, .number = 7}), {.deadline = 30s});
      EXPECT_TRUE(client.act(order({}), {.deadline = 30s}).error().code == ErrorCode::NotServing) << "that is new";
    }};
    ASSERT_TRUE(await([&] { return host.snapshot().in_flight == 1; }));
    ASSERT_TRUE(host.publisher<stage::Order>("stage.orders")->publish(order({.deed = Deed::Publish, .number = 9})));
    drainer = std::jthread{[&] { EXPECT_TRUE(host.drain(Scope::everything(), kPatience)); }};
    ASSERT_TRUE(await_admission(host, "partner", "Draining"));
  }
  EXPECT_TRUE(poll_until(host, [&] { return passed_on.size() == 2; })) << "heard itself, and passed on from the actor";
  drainer.join();
  caller.join();

  ASSERT_TRUE(asked) << to_string(asked.error());
  EXPECT_EQ((*asked)->number(), 7u);
  EXPECT_EQ(snapshot_of(host, "partner").admission, "Drained");
}

}  // namespace
}  // namespace shunt::test
