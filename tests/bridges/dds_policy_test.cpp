/// What is lost at the border to DDS is what the policy says, and it is counted.

#include "dds_host.hpp"

#include <csignal>

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;

class DdsPolicy : public NetworkTest {};

/// The process is stopped for as long as this lives.
class Frozen {
 public:
  explicit Frozen(const Json& bridge) : pid_(bridge["pid"].get<pid_t>()) { ::kill(pid_, SIGSTOP); }
  ~Frozen() { ::kill(pid_, SIGCONT); }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  pid_t pid_;
};

TEST_F(DdsPolicy, a_bridge_that_does_not_keep_up_loses_messages_and_refuses_none) {
  constexpr int kSent = 24;
  DdsHost host{{.bridge = "slots = 16\nlease = \"20 s\"", .route = "backlog = 2\nslow_consumer = \"refuse\""}};
  const auto application = host.application({"lease=20"});

  {
    const Frozen frozen{host.bridge()};
    for (std::uint64_t sequence = 0; sequence < kSent; ++sequence) host.publish(sequence);
    ASSERT_TRUE(await([&] { return host.receiver("market.signals")["dropped"] > 0; })) << host.bridge();
  }

  const Json seen = application->await([&](const Json& said) {
    return said["answered"] == kSent - host.receiver("market.signals")["dropped"].get<int>();
  });
  EXPECT_EQ(host.receiver("market.signals")["refused"], 0);
  EXPECT_EQ(seen["missing"], 0) << "what the host dropped has no number";
  application->end();
  host.end();
}

TEST_F(DdsPolicy, what_overruns_the_history_from_outside_is_counted) {
  constexpr int kSent = 5000;  // the second half of which is more than any socket holds
  DdsHost host{{.bridge = "lease = \"20 s\"", .topic = "history = 16"}};
  const auto application =
      host.application({"publish=5000", "batch=2500", "history=16", "origin=yes", "every=50", "lease=20"});
  // It numbers from 0; what is lost before the first that the bridge has seen is known to nobody.
  const int first =
      application->await([](const Json& said) { return said["sent"] == kSent / 2 && said["answered"] > 0; })["first"];

  {
    const Frozen frozen{host.bridge()};
    application->go_on();
    application->await([](const Json& said) { return said["sent"] == kSent; });
  }

  const auto counted = [&] {
    const Json says = host.says("market.bars");
    return says["received"].get<int>() + says["lost"].get<int>();
  };
  EXPECT_TRUE(await([&] { return counted() >= kSent - first; })) << host.bridge();
  EXPECT_LE(counted(), kSent) << host.bridge();
  EXPECT_GT(host.says("market.bars")["lost"], 0);
  application->end();
  host.end();
}

TEST_F(DdsPolicy, what_is_larger_than_the_lane_takes_is_refused) {
  DdsHost host{{.bridge = "outbound = { \"256 B\" = 64 }\ninbound = { \"256 B\" = 64 }"}};
  const auto large = host.application({"publish=3", "padding=5000"});

  EXPECT_TRUE(await([&] { return host.says("market.bars")["refused"] == 3; })) << host.bridge();
  EXPECT_EQ(host.says("market.bars")["invalid"], 0);
  large->end();
  const auto honest = host.application({"publish=5"});

  EXPECT_EQ(honest->await([](const Json& said) { return said["answered"] == 5; })["received"], 5);
  EXPECT_TRUE(await([&] { return host.says("market.bars")["received"] == 5; })) << host.bridge();
  honest->end();
  host.end();
}

TEST_F(DdsPolicy, a_bridge_is_stopped_and_restarted_by_its_name) {
  DdsHost host;
  const auto before = host.await_connected();

  EXPECT_EQ(host.host().shunt({"stop", "bridge:dds"}).code, 0);

  EXPECT_EQ(host.bridge()["state"], "Stopped");
  host.publish(1);
  EXPECT_EQ(host.host().shunt({"restart", "bridge:dds"}).code, 0);
  host.await_connected(before);
  const Ran shown = host.host().shunt({"inspect", "bridge:dds"});
  EXPECT_EQ(shown.code, 0) << shown;
  EXPECT_THAT(shown.out, HasSubstr("BridgeState"));
  host.end();
}

TEST_F(DdsPolicy, a_file_of_dds_that_is_none_keeps_the_bridge_waiting_and_the_host_going) {
  const TemporaryDirectory folder;
  const auto file = folder.write("cyclonedds.xml", "<CycloneDDS><Domain id='any'><Nonsense/></Domain></CycloneDDS>");
  DdsHost host{{.bridge = "configuration = \"" + file.string() + "\""}};

  EXPECT_TRUE(await([&] {
    const std::string state = host.bridge()["says"]["state"];
    return state.find("waits for domain 7: ") == 0 && state.find("Nonsense") != std::string::npos;
  })) << host.bridge();

  EXPECT_EQ(host.host().shunt({"call", "momentum/signal", R"({"open":100,"close":110})"}).code, 0);
  host.end();
}

TEST_F(DdsPolicy, a_pipe_in_place_of_a_file_of_dds_is_named_and_nobody_waits_for_what_it_says) {
  const TemporaryDirectory folder;
  const auto pipe = folder.path() / "cyclonedds.xml";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  DdsHost host{{.bridge = "configuration = \"" + pipe.string() + "\""}};

  EXPECT_TRUE(await([&] {
    const std::string state = host.bridge()["says"]["state"];
    return state.find(pipe.string() + " is no regular file") != std::string::npos;
  })) << host.bridge();

  host.end();
}

TEST_F(DdsPolicy, a_plan_counts_the_memory_of_the_bridge) {
  const TemporaryDirectory folder;
  const auto file = folder.write("host.toml", "[trust]\nallow_unsigned = true\n" + plugin(MOMENTUM_4) +
                                                  "[bridges.dds]\nslots = 64\n"
                                                  "[routes.\"market.bars\"]\nopen = \"dds\"\n");

  const Ran ran = run(SHUNT, {"plan", file});

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, HasSubstr("bridge:dds " SHUNT_VERSION));
}

}  // namespace
}  // namespace shunt::test

int main(int argc, char** argv) { return shunt::test::run_in_private_network(argc, argv); }
