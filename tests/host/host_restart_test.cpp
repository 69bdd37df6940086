/// restart for a plugin.
#include "stopping.hpp"

#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;

using News = Received<stage::News>;

TEST_F(Stopping, a_restart_ends_the_plugin_and_starts_it_again) {
  Host host = start({actor()});
  const auto before = snapshot_of(host, "actor");

  ASSERT_TRUE(host.restart("actor"));

  EXPECT_TRUE(serves(host));
  EXPECT_GT(snapshot_of(host, "actor").instance, before.instance);
  EXPECT_EQ(snapshot_of(host, "actor").crashes, 0u);
  EXPECT_THAT(host.crashes(), testing::IsEmpty());
}

TEST_F(Stopping, a_restart_waits_for_what_the_plugin_has_and_only_one_is_made_at_a_time) {
  Host host = start({patient(actor())});
  std::vector<std::uint64_t> heard;
  const auto subscription =
      host.subscribe<stage::News>("actor.news", [&](News& news) { heard.push_back(news->number()); });
  std::jthread restarter;
  {
    const Frozen frozen{host, "actor"};
    give_work(host, 3);
    restarter = std::jthread{[&] { EXPECT_TRUE(host.restart("actor", kPatience)); }};
    await_event(host, HostEventKind::Stopped, "actor");

    const auto second = host.restart("actor");

    EXPECT_EQ(second.error().code, ErrorCode::NotServing);
    EXPECT_THAT(second.error().message, HasSubstr("is being restarted already"));
    EXPECT_THAT(call_fails(host).message, HasSubstr("is being restarted"));
  }
  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 3; }));
  restarter.join();
  EXPECT_TRUE(serves(host));
}

TEST_F(Stopping, a_restart_that_somebody_stops_leaves_the_plugin_stopped) {
  Host host = start({patient(actor())});
  Status restarted;
  std::jthread stopper;
  {
    std::jthread restarter;
    const Frozen frozen{host, "actor"};
    give_work(host, 1);
    restarter = std::jthread{[&] { restarted = host.restart("actor", kPatience); }};
    await_event(host, HostEventKind::Stopped, "actor");
    stopper = std::jthread{[&] { EXPECT_TRUE(host.stop("actor", kPatience)); }};
    EXPECT_TRUE(await([&] { return count_events(host, HostEventKind::Stopped) == 2; }));
  }
  stopper.join();

  ASSERT_FALSE(restarted);
  EXPECT_EQ(restarted.error().code, ErrorCode::NotServing);
  EXPECT_THAT(restarted.error().message, HasSubstr("was stopped while it was being restarted"));
  EXPECT_EQ(snapshot_of(host, "actor").state, "Stopped");
}

TEST_F(Stopping, a_restart_of_one_that_does_not_finish_says_what_was_cut_off_and_it_serves_again) {
  Host host = start({patient(actor())});
  const Frozen frozen{host, "actor"};
  give_work(host, 1);

  const auto restarted = host.restart("actor", 50ms);

  ASSERT_FALSE(restarted);
  EXPECT_EQ(restarted.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_THAT(restarted.error().message, HasSubstr("messages not done: 1"));
  EXPECT_TRUE(serves(host));
}

}  // namespace
}  // namespace shunt::test
