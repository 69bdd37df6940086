/// Two hosts in two networks share topics, and what becomes of it where the cable between them does not hold.

#include "dds_host.hpp"

#include <algorithm>
#include <csignal>
#include <optional>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

/// The right host's momentum is off: what it has of market.signals came over the cable.
class TwoHosts : public NetworkTest {
 protected:
  void SetUp() override {
    NetworkTest::SetUp();
    if (IsSkipped()) return;
    left_network.emplace();
    right_network.emplace();
    cable.emplace(*left_network, *right_network);
  }
  void start(const DdsHost::Options& options) {
    DdsHost::Options each = options;
    each.interface = "cable";
    each.network = &*left_network;
    left.emplace(each);
    each.network = &*right_network;
    each.with_plugin = false;
    right.emplace(each);
    left->await_others({.bridges = 1});
    right->await_others({.bridges = 1});
  }
  void end() {
    right->end();
    left->end();
  }
  [[nodiscard]] int sent() const { return left->says("market.signals")["sent"]; }
  [[nodiscard]] int received() const { return right->says("market.signals")["received"]; }
  [[nodiscard]] int lost() const { return right->says("market.signals")["lost"]; }
  void publish(int from, int to) const {
    for (int sequence = from; sequence < to; ++sequence) left->publish(static_cast<std::uint64_t>(sequence));
  }
  /// Every signal that left has sent is here or counted; the last has to be here.
  void expect_all_accounted_for() const {
    EXPECT_TRUE(await([&] { return received() + lost() == sent(); }))
        << sent() << " sent, " << received() << " received, " << lost() << " lost";
  }

  std::optional<Network> left_network, right_network;
  std::optional<Cable> cable;
  std::optional<DdsHost> left, right;
};

TEST_F(TwoHosts, share_a_topic_both_ways_and_nothing_goes_round_between_them) {
  start({});

  left->publish(1);
  ASSERT_TRUE(await([&] { return received() == 1; })) << right->bridge();
  right->publish(2);
  ASSERT_TRUE(await([&] { return left->says("market.signals")["received"] == 1; })) << left->bridge();
  left->publish(3);

  ASSERT_TRUE(await([&] { return received() == 2; })) << right->bridge();
  EXPECT_TRUE(await([&] { return sent() == 2; })) << left->bridge();
  EXPECT_EQ(right->says("market.signals")["sent"], 1);
  EXPECT_EQ(left->says("market.signals")["received"], 1);
  end();
}

TEST_F(TwoHosts, find_each_other_by_their_addresses_where_nothing_is_sent_to_many) {
  start({.bridge = "multicast = false\npeers = [\"10.77.0.1\", \"10.77.0.2\"]"});

  left->publish(1);
  right->publish(2);

  EXPECT_TRUE(await([&] { return received() == 1; })) << right->bridge();
  EXPECT_TRUE(await([&] { return left->says("market.signals")["received"] == 1; })) << left->bridge();
  end();
}

TEST_F(TwoHosts, lose_nothing_of_a_reliable_topic_over_a_cable_that_loses) {
  constexpr int kBars = 3000;
  start({.bridge = "lease = \"20 s\"\n", .topic = "history = 4096"});
  const bool has_netem = cable->lose(20);
  const auto application = left->application({"publish=3000", "every=300", "window=64"}, {.bridges = 1});

  int cuts = 0;
  for (; !has_netem && cuts < 5; ++cuts) {  // netem would do it better; without it, the cable comes and goes
    const int before = sent();
    cable->cut();
    ASSERT_TRUE(await([&] { return sent() >= std::min(kBars, before + 200); })) << left->bridge();
    cable->mend();
  }
  application->await([](const Json& said) { return said["answered"] == kBars; });

  EXPECT_TRUE(await([&] { return received() == kBars; })) << sent() << " sent: " << right->bridge();
  EXPECT_EQ(lost(), 0);
  EXPECT_TRUE(await([&] { return sent() == kBars; })) << left->bridge();
  application->end();
  end();
}

TEST_F(TwoHosts, lose_nothing_of_a_reliable_topic_where_every_fifth_packet_is_lost_at_random) {
  const TemporaryDirectory folder;
  const auto file = folder.write(
      "cyclonedds.xml",
      "<CycloneDDS><Domain id='any'><General><Interfaces><NetworkInterface name='cable'/></Interfaces></General>"
      "<Internal><HeartbeatInterval max='100 ms'>50 "
      "ms</HeartbeatInterval><Test><XmitLossiness>200</XmitLossiness></Test></Internal></Domain></CycloneDDS>");
  start({.bridge = "configuration = \"" + file.string() + "\"\n", .topic = "history = 4096"});
  constexpr int kBars = 1000;
  constexpr int kTogether = 50;

  for (int first = 0; first < kBars; first += kTogether) {
    publish(first, first + kTogether);
    ASSERT_TRUE(await([&] { return received() == first + kTogether; })) << right->bridge();
  }

  EXPECT_TRUE(await([&] { return sent() == kBars; })) << left->bridge();
  EXPECT_EQ(lost(), 0);
  end();
}

TEST_F(TwoHosts, count_what_a_best_effort_topic_has_lost) {
  start({.bridge = "lease = \"20 s\"\n", .topic = "reliability = \"best_effort\""});
  publish(0, 3);
  ASSERT_TRUE(await([&] { return received() == 3; })) << right->bridge();

  cable->cut();
  publish(3, 10);
  ASSERT_TRUE(await([&] { return sent() == 10; })) << left->bridge();
  cable->mend();
  int next = 10;
  ASSERT_TRUE(await([&] {
    publish(next, next + 1);
    ++next;
    return received() > 3;
  })) << right->bridge();

  expect_all_accounted_for();
  EXPECT_GE(lost(), 7);
  end();
}

TEST_F(TwoHosts, catch_up_after_a_partition_within_the_history_and_count_the_rest) {
  constexpr int kHistory = 8;
  start({.bridge = "lease = \"20 s\"\n", .topic = "history = 8"});
  publish(0, 3);
  ASSERT_TRUE(await([&] { return received() == 3; })) << right->bridge();

  cable->cut();
  publish(3, 43);
  ASSERT_TRUE(await([&] { return sent() == 43; })) << left->bridge();
  cable->mend();

  ASSERT_TRUE(await([&] { return received() == 3 + kHistory; })) << right->bridge();
  expect_all_accounted_for();
  EXPECT_EQ(lost(), 40 - kHistory);
  publish(43, 45);
  EXPECT_TRUE(await([&] { return received() == 5 + kHistory; })) << right->bridge();
  EXPECT_EQ(lost(), 40 - kHistory);
  end();
}

TEST_F(TwoHosts, find_each_other_again_after_a_partition_that_outlasts_the_lease) {
  start({.bridge = "lease = \"500 ms\"\n"});
  publish(0, 3);
  ASSERT_TRUE(await([&] { return received() == 3; })) << right->bridge();

  cable->cut();
  left->await_others({});
  right->await_others({});
  publish(3, 10);
  cable->mend();
  left->await_others({.bridges = 1});
  right->await_others({.bridges = 1});
  publish(10, 12);

  EXPECT_TRUE(await([&] { return received() == 5; })) << right->bridge();
  expect_all_accounted_for();
  EXPECT_EQ(lost(), 7) << "nobody was there to hear them, and they are counted";
  end();
}

TEST_F(TwoHosts, hear_the_last_of_a_latched_topic_after_a_long_partition_and_nothing_twice) {
  start({.bridge = "lease = \"500 ms\"\n", .route = "latched = 2"});
  publish(0, 3);
  ASSERT_TRUE(await([&] { return received() == 3; })) << right->bridge();

  cable->cut();
  left->await_others({});
  right->await_others({});
  publish(3, 4);
  cable->mend();

  // It keeps 2 and 3: the first of these was here before.
  EXPECT_TRUE(await([&] { return received() == 4; })) << right->says("market.signals") << left->says("market.signals");
  publish(4, 5);
  EXPECT_TRUE(await([&] { return received() == 5; })) << right->bridge();
  EXPECT_EQ(lost(), 0);
  end();
}

TEST_F(TwoHosts, keep_a_history_for_each_key_where_the_topic_is_keyed) {
  start({.bridge = "lease = \"20 s\"\n", .topic = "keyed = true\nhistory = 1"});
  left->publish(0, {"--key", "EURUSD"});
  ASSERT_TRUE(await([&] { return received() == 1; })) << right->bridge();

  cable->cut();
  for (std::uint64_t sequence = 1; sequence <= 6; ++sequence)
    left->publish(sequence, {"--key", sequence % 2 == 0 ? "EURUSD" : "GBPUSD"});
  ASSERT_TRUE(await([&] { return sent() == 7; })) << left->bridge();
  cable->mend();

  ASSERT_TRUE(await([&] { return received() == 3; })) << "the latest of each: " << right->bridge();
  expect_all_accounted_for();
  EXPECT_EQ(lost(), 4);
  end();
}

TEST_F(TwoHosts, go_on_when_a_bridge_is_killed_in_either_place) {
  start({});
  publish(0, 3);
  ASSERT_TRUE(await([&] { return received() == 3; })) << right->bridge();
  const Json left_plugin = left->host().listed("momentum");

  const auto instance = left->await_connected();
  kill_process(left->bridge()["pid"]);
  left->await_connected(instance);
  left->await_others({.bridges = 1});
  right->await_others({.bridges = 1});
  left->publish(100);
  ASSERT_TRUE(await([&] { return received() == 4; })) << right->bridge();

  const auto other = right->await_connected();
  kill_process(right->bridge()["pid"]);
  right->await_connected(other);
  right->await_others({.bridges = 1});
  left->await_others({.bridges = 1});
  left->publish(101);
  ASSERT_TRUE(await([&] { return received() == 1; })) << "since its start: " << right->bridge();
  right->publish(102);
  ASSERT_TRUE(await([&] { return left->says("market.signals")["received"] == 1; })) << left->bridge();

  EXPECT_EQ(left->host().listed("momentum")["instance"], left_plugin["instance"]);
  EXPECT_EQ(left->host().listed("momentum")["crashes"], 0);
  end();
}

TEST_F(TwoHosts, the_end_of_one_by_SIGKILL_is_noticed_by_the_other_and_stalls_nothing) {
  start({});
  publish(0, 3);
  ASSERT_TRUE(await([&] { return received() == 3; })) << right->bridge();

  right->host().process().signal(SIGKILL);

  publish(3, 20);
  left->await_others({});
  EXPECT_TRUE(await([&] { return sent() == 20; })) << left->bridge();
  EXPECT_EQ(left->receiver("market.signals")["dropped"], 0);
  static_cast<void>(right->host().process().finish());
  right.reset();
  left->end();
}

}  // namespace
}  // namespace shunt::test

int main(int argc, char** argv) { return shunt::test::run_in_private_network(argc, argv); }
