/// What crosses the border, both ways.

#include "open_host.hpp"

#include <csignal>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::IsEmpty;

class OpenTopics : public ProcessTest {};

TEST_F(OpenTopics, an_application_publishes_bars_and_reads_what_a_plugin_makes_of_them) {
  OpenHost host;
  const auto application = host.application("trader", {"publish=2000", "window=64"});

  const Json seen = application->await([](const Json& said) { return said["answered"] == 2000; });

  EXPECT_EQ(seen["received"], 2000);
  EXPECT_EQ(seen["missing"], 0);
  EXPECT_EQ(seen["bad"], 0);
  EXPECT_TRUE(await([&] { return host.says("market.bars")["received"] == 2000; })) << host.bridge();
  EXPECT_TRUE(await([&] { return host.says("market.signals")["sent"] == 2000; })) << host.bridge();
  EXPECT_EQ(host.says("market.bars")["lost"], 0);
  EXPECT_EQ(host.says("market.bars")["sent"], 0) << "what came from outside went out again";
  application->end();
  host.end();
  EXPECT_THAT(iceoryx_files(), IsEmpty());
}

TEST_F(OpenTopics, an_application_keeps_receiving_across_switches_and_misses_nothing) {
  OpenHost host;
  const auto application = host.application("trader", {"publish=100000000", "every=200", "window=64"});
  application->await([](const Json& said) { return said["answered"] > 100; });

  for (const char* version : {"1.5.0", "1.4.0", "1.5.0"}) {
    EXPECT_EQ(host.host().shunt({"switch", "momentum", version}).code, 0);
    const Json now = application->await([](const Json&) { return true; });
    application->await([&](const Json& said) { return said["answered"] > now["answered"].get<int>() + 100; });
  }

  const Json seen = application->end();
  EXPECT_EQ(seen["missing"], 0);
  EXPECT_EQ(seen["bad"], 0);
  EXPECT_EQ(seen["twice"], 0);
  EXPECT_EQ(seen["minors"], Json({4, 5}));
  EXPECT_EQ(host.receiver("market.signals")["dropped"], 0);
  EXPECT_EQ(host.says("market.signals")["no_memory"], 0);
  EXPECT_EQ(host.says("market.bars")["lost"], 0);
  host.end();
}

TEST_F(OpenTopics, a_bridge_joins_the_roudi_of_the_machine_where_one_runs) {
  MachineRoudi roudi;
  ASSERT_TRUE(await([] { return std::filesystem::exists("/tmp/roudi"); }));
  OpenHost host;
  host.await_connected(kMachineRoudi);
  const auto application = host.application("trader", {"publish=500", "window=64"});

  const Json seen = application->await([](const Json& said) { return said["answered"] == 500; });

  EXPECT_EQ(seen["missing"], 0);
  application->end();
  host.end();
  roudi.end();
  EXPECT_THAT(iceoryx_files(), IsEmpty());
}

TEST_F(OpenTopics, what_the_host_publishes_itself_goes_out_of_a_chunk_too) {
  OpenHost host{{}, "payload = \"chunk\""};
  const auto application = host.application("reader");
  application->await([](const Json& said) { return said["connected"] == true; });

  EXPECT_EQ(host.host().shunt({"pub", "market.signals", R"({"sequence":7,"version":9})"}).code, 0);

  const Json seen = application->await([](const Json& said) { return said["received"] == 1; });
  EXPECT_EQ(seen["minors"], Json({9}));
  EXPECT_EQ(seen["bad"], 0);
  application->end();
  host.end();
}

TEST_F(OpenTopics, two_hosts_of_one_name_share_a_topic_and_nothing_goes_round_between_them) {
  OpenHost first;
  first.await_connected(kOwnRoudi);
  OpenHost second;
  second.await_connected(kMachineRoudi);

  EXPECT_EQ(first.host().shunt({"pub", "market.signals", R"({"sequence":7})"}).code, 0);

  ASSERT_TRUE(await([&] { return second.says("market.signals")["received"] == 1; })) << second.bridge();
  EXPECT_EQ(second.host().shunt({"pub", "market.signals", R"({"sequence":8})"}).code, 0);
  ASSERT_TRUE(await([&] { return first.says("market.signals")["received"] == 1; })) << first.bridge();
  EXPECT_EQ(first.says("market.signals")["sent"], 1);
  EXPECT_TRUE(await([&] { return second.says("market.signals")["sent"] == 1; })) << second.bridge();
  second.end();
  first.end();
  EXPECT_THAT(iceoryx_files(), IsEmpty());
}

TEST_F(OpenTopics, a_bridge_is_stopped_and_restarted_by_its_name) {
  OpenHost host;
  const auto before = host.await_connected(kOwnRoudi);

  EXPECT_EQ(host.host().shunt({"stop", "bridge:iceoryx"}).code, 0);

  EXPECT_EQ(host.bridge()["state"], "Stopped");
  EXPECT_THAT(iceoryx_files(), IsEmpty());
  EXPECT_EQ(host.host().shunt({"pub", "market.bars", R"({"sequence":7})"}).code, 0);
  EXPECT_EQ(host.host().shunt({"restart", "bridge:iceoryx"}).code, 0);
  host.await_connected(kOwnRoudi, before);
  const Ran shown = host.host().shunt({"inspect", "bridge:iceoryx"});
  EXPECT_EQ(shown.code, 0) << shown;
  EXPECT_THAT(shown.out, ::testing::HasSubstr("BridgeState"));
  host.end();
}

TEST_F(OpenTopics, ls_shows_the_bridge_to_people) {
  OpenHost host;
  host.await_connected(kOwnRoudi);

  const Ran ran = host.host().shunt({"ls"});

  EXPECT_THAT(ran.out, ::testing::HasSubstr("bridge:iceoryx says: a RouDi of its own"));
  EXPECT_THAT(ran.out, ::testing::HasSubstr("OPEN TOPIC"));
  host.end();
}

}  // namespace
}  // namespace shunt::test

int main(int argc, char** argv) { return shunt::test::run_in_private_mounts(argc, argv); }
