/// What crosses the border to DDS, both ways, on one machine.

#include "dds_host.hpp"

#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;

class OpenToDds : public NetworkTest {};

TEST_F(OpenToDds, an_application_publishes_bars_and_reads_what_a_plugin_makes_of_them) {
  DdsHost host;
  const auto application = host.application({"publish=2000", "window=64"});

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
}

TEST_F(OpenToDds, an_application_keeps_receiving_across_switches_and_misses_nothing) {
  DdsHost host;
  const auto application = host.application({"publish=100000000", "every=200", "window=64"});
  application->await([](const Json& said) { return said["answered"] > 100; });

  for (const char* version : {"1.5.0", "1.4.0"}) {
    EXPECT_EQ(host.host().shunt({"switch", "momentum", version}).code, 0);
    const Json now = application->await([](const Json&) { return true; });
    application->await([&](const Json& said) { return said["answered"] > now["answered"].get<int>() + 100; });
  }

  const Json seen = application->end();
  EXPECT_EQ(seen["missing"], 0);
  EXPECT_EQ(seen["bad"], 0);
  EXPECT_EQ(seen["twice"], 0);
  EXPECT_EQ(seen["minors"], Json({4, 5}));
  host.end();
}

TEST_F(OpenToDds, a_key_is_an_instance_of_dds_where_the_topic_is_keyed_and_what_is_urgent_says_so) {
  DdsHost host{{.topic = "keyed = true"}};
  const auto application = host.application();
  application->await([](const Json& said) { return said["writers"] == 1; });

  host.publish(1, {"--key", "EURUSD"});
  host.publish(2, {"--key", "GBPUSD", "--urgent"});
  host.publish(3, {"--key", "EURUSD"});

  const Json seen = application->await([](const Json& said) { return said["received"] == 3; });
  EXPECT_EQ(seen["keys"].size(), 2u) << seen;
  EXPECT_EQ(seen["urgent"], 1);
  EXPECT_EQ(seen["missing"], 0);
  application->end();
  host.end();
}

TEST_F(OpenToDds, what_is_of_another_schema_is_refused_and_counted_with_both_hashes) {
  DdsHost host;
  const auto application = host.application({"publish=5", "schema=wrong"});

  ASSERT_TRUE(await([&] { return host.says("market.bars")["wrong_schema"] == 5; })) << host.bridge();

  const Json topic = host.bridge()["open_topics"][0];
  ASSERT_EQ(topic["topic"], "market.bars");
  const auto ours = std::stoull(topic["schema"].get<std::string>(), nullptr, 16);
  EXPECT_EQ(std::stoull(topic["says"]["other_schema"].get<std::string>(), nullptr, 16), ~ours);
  EXPECT_EQ(topic["says"]["refused"], 5);
  EXPECT_EQ(topic["says"]["received"], 0);
  EXPECT_THAT(host.host().shunt({"ls"}).out, HasSubstr("5 of market.bars were of schema"));
  application->end();
  host.end();
}

TEST_F(OpenToDds, what_is_no_flatbuffer_of_the_topics_type_does_not_come_in) {
  DdsHost host;
  const auto liar = host.application({"publish=20", "payload=1000"});
  ASSERT_TRUE(await([&] { return host.says("market.bars")["invalid"] == 20; })) << host.bridge();
  EXPECT_EQ(host.says("market.bars")["received"], 0);
  liar->end();

  const auto honest = host.application({"publish=5"});

  EXPECT_EQ(honest->await([](const Json& said) { return said["answered"] == 5; })["received"], 5);
  honest->end();
  host.end();
}

TEST_F(OpenToDds, what_comes_back_from_outside_with_the_hosts_own_origin_does_not_come_in) {
  DdsHost host;
  const auto echo = host.application({"publish=3", "origin=theirs"});
  host.publish(1);
  echo->await([](const Json& said) { return said["sent"] == 3; });

  const auto honest = host.application({"publish=5"}, {.applications = 1});

  honest->await([](const Json& said) { return said["answered"] == 5; });
  EXPECT_TRUE(await([&] { return host.says("market.bars")["received"] == 5; })) << host.bridge();
  EXPECT_EQ(host.says("market.bars")["refused"], 0);
  honest->end();
  echo->end();
  host.end();
}

TEST_F(OpenToDds, a_reader_that_comes_late_hears_what_a_latched_topic_keeps) {
  DdsHost host{{.route = "latched = 2"}};
  for (int sequence = 1; sequence <= 3; ++sequence) host.publish(static_cast<std::uint64_t>(sequence));
  ASSERT_TRUE(await([&] { return host.says("market.signals")["sent"] == 3; })) << host.bridge();

  const auto application = host.application({"latched=2"});

  const Json seen = application->await([](const Json& said) { return said["received"] == 2; });
  EXPECT_EQ(seen["missing"], 0) << "the last two";
  application->end();
  host.end();
}

TEST_F(OpenToDds, a_bridge_that_was_killed_sends_again_what_its_host_has_kept_and_not_what_came_in) {
  DdsHost host{{.route = "latched = 8"}};
  const auto instance = host.await_connected();
  const auto application = host.application({"latched=8", "publish=3"});
  application->await([](const Json& said) { return said["answered"] == 3; });
  EXPECT_EQ(host.host().shunt({"pub", "market.bars", R"({"sequence":7})"}).code, 0);
  application->await([](const Json& said) { return said["answered"] == 4; });

  kill_process(host.bridge()["pid"]);
  host.await_connected(instance);

  // Four signals that the host has kept, and three that momentum makes of the bars that the application has kept: the
  // bridge that is new hears these like everybody who comes late.
  const Json seen = application->await([](const Json& said) { return said["received"] == 4 + 4 + 3; });
  EXPECT_EQ(seen["starts"], 2);
  EXPECT_EQ(seen["latched"], 4) << "marked";
  EXPECT_EQ(host.host().shunt({"pub", "market.bars", R"({"sequence":8})"}).code, 0);
  application->await([](const Json& said) { return said["answered"] == 5; });
  ASSERT_TRUE(await([&] { return host.says("market.bars")["sent"] >= 2; })) << host.bridge();
  EXPECT_EQ(host.says("market.bars")["sent"], 2) << "of 5 that are kept";
  application->end();
  host.end();
}

TEST_F(OpenToDds, the_bridge_waits_for_a_network_that_is_not_there_and_says_so) {
  DdsHost host{{.interface = "nowhere"}};

  ASSERT_TRUE(await([&] {
    const std::string state = host.bridge()["says"]["state"];
    return state.find("waits for domain 7 on nowhere") == 0 && state.find("does not match") != std::string::npos;
  })) << host.bridge();

  EXPECT_EQ(host.host().shunt({"call", "momentum/signal", R"({"open":100,"close":110})"}).code, 0);
  host.publish(1);
  EXPECT_TRUE(await([&] { return host.says("market.signals")["unconnected"] == 1; })) << host.bridge();
  host.end();
}

TEST_F(OpenToDds, others_whose_settings_do_not_fit_are_named) {
  DdsHost host{{.topic = "reliability = \"best_effort\""}};
  const auto application = host.stranger();

  EXPECT_TRUE(await([&] {
    const std::string state = host.bridge()["says"]["state"];
    return state.find("a reader of market.signals wants another reliability") != std::string::npos;
  })) << host.bridge();
  application->end();
  host.end();
}

TEST_F(OpenToDds, the_bridge_says_what_confines_it_and_that_holds) {
  DdsHost host;
  host.await_connected();
  const Json bridge = host.bridge();
#ifndef SHUNT_SANITIZED
  EXPECT_EQ(
      bridge["sandbox"],
      "without UserNamespace, EmptyRoot, PidNamespace, IpcNamespace, HostName, CgroupNamespace, NetworkNamespace, "
      "Identity, Audit, ThreadLimit, MemoryWatch");
#endif

  std::ifstream file{fmt::format("/proc/{}/status", bridge["pid"].get<int>())};
  std::stringstream status;
  status << file.rdbuf();

  EXPECT_THAT(status.str(), HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(status.str(), HasSubstr("CapEff:\t0000000000000000"));
#ifndef SHUNT_SANITIZED
  EXPECT_THAT(status.str(), HasSubstr("Seccomp:\t2"));
#endif
  host.end();
}

TEST_F(OpenToDds, ls_shows_the_bridge_and_who_is_outside) {
  DdsHost host;
  const auto application = host.application();
  ASSERT_TRUE(await([&] { return host.says("market.signals")["readers"] == 1; })) << host.bridge();
  ASSERT_TRUE(await([&] { return host.says("market.bars")["writers"] == 1; })) << host.bridge();

  const Ran ran = host.host().shunt({"ls"});

  EXPECT_THAT(ran.out, HasSubstr("bridge:dds says: domain 7 on lo"));
  EXPECT_THAT(ran.out, HasSubstr("WRITERS"));
  application->end();
  host.end();
}

}  // namespace
}  // namespace shunt::test

int main(int argc, char** argv) { return shunt::test::run_in_private_network(argc, argv); }
