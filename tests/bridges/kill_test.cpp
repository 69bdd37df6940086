/// kill -9 of whoever has a part in an open topic: the host goes on, and the bridge comes back.

#include "open_host.hpp"

#include <csignal>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::IsEmpty;

void kill_process(std::int64_t pid) { ASSERT_EQ(::kill(static_cast<pid_t>(pid), SIGKILL), 0); }

pid_t parent_of(std::int64_t pid) {
  std::ifstream file{fmt::format("/proc/{}/stat", pid)};
  std::string text;
  std::getline(file, text, ')');
  char state = 0;
  pid_t parent = 0;
  file >> state >> parent;
  return parent;
}

/// Momentum is what it was, and answers.
class Untouched {
 public:
  explicit Untouched(OpenHost& host) : host_(host), before_(host.host().listed("momentum")["instance"]) { look(); }
  void look() const {
    const Json now = host_.host().listed("momentum");
    EXPECT_EQ(now["instance"], before_);
    EXPECT_EQ(now["crashes"], 0);
    EXPECT_EQ(host_.host().shunt({"call", "momentum/signal", R"({"open":100,"close":110})"}).code, 0);
    EXPECT_EQ(host_.host().shunt({"pub", "market.signals", R"({"sequence":1})"}).code, 0);
  }

 private:
  OpenHost& host_;
  Json before_;
};

const auto kAnsweredMore = [](int than) { return [than](const Json& said) { return said["answered"] > than; }; };

class Killed : public ProcessTest {
 protected:
  /// As many signals more as show that messages go both ways.
  static void expect_traffic(Application& application) {
    const Json now = application.await([](const Json&) { return true; });
    application.await(kAnsweredMore(now["answered"].get<int>() + 50));
  }
};

const Words kTrade{"publish=100000000", "every=1000"};

/// One that trades until it is told to die so.
Words trades(const std::string& dies) { return {kTrade[0], kTrade[1], "dies=" + dies}; }

TEST_F(Killed, an_application_leaves_host_and_bridge_as_they_were) {
  OpenHost host;
  const auto first = host.application("first", trades("between"));
  expect_traffic(*first);
  const Json before = host.bridge();
  const Untouched untouched{host};

  first->die();

  untouched.look();
  const auto second = host.application("second", kTrade);
  expect_traffic(*second);
  EXPECT_EQ(host.bridge()["instance"], before["instance"]);
  EXPECT_EQ(second->end()["missing"], 0);
  host.end();
}

TEST_F(Killed, an_application_that_holds_a_lock_of_iceoryx_costs_the_bridge_its_roudi_and_the_host_nothing) {
  OpenHost host;
  auto instance = host.await_connected(kOwnRoudi);
  const Untouched untouched{host};

  for (const char* const name : {"first", "second"}) {
    const auto application = host.application(name, trades("inside"));
    expect_traffic(*application);
    application->die();
    untouched.look();
    instance = host.await_connected(kOwnRoudi, instance);
  }

  const auto application = host.application("third", kTrade);
  expect_traffic(*application);
  EXPECT_EQ(application->end()["missing"], 0);
  host.end();
}

/// Kills the bridge, three times. False: one of them hit it inside of iceoryx, where it held a lock that RouDi waits
/// for since, and its successor said so.
bool goes_on_with_each_bridge(OpenHost& host, Application& application) {
  auto instance = host.await_connected(kMachineRoudi);
  const Untouched untouched{host};
  for (int starts = 2; starts < 5; ++starts) {
    kill_process(host.bridge()["pid"]);
    untouched.look();
    const Json now = host.await_state({kMachineRoudi, kMuteRoudi}, instance);
    if (now["says"]["state"] == kMuteRoudi) return false;
    instance = now["instance"];
    const Json seen = application.await([&](const Json& said) { return said["starts"] == starts; });
    EXPECT_EQ(seen["first"], 0) << "of the new bridge it got everything";
  }
  return true;
}

/// Everything that came out came to it, but what a bridge had begun when it was killed.
void expect_all_signals(OpenHost& host, Application& application) {
  application.await([](const Json& said) { return said["sent"] == 2500; });
  const auto published = [&] { return host.host().listed("momentum")["received"].get<int>() + 4; };  // and what looks
  ASSERT_TRUE(await([&] { return host.bridge()["sent"] == host.bridge()["done"]; }));
  const int signals = published();
  const Json receiver = host.receiver("market.signals");
  const int uncertain = receiver["unknown"].get<int>() + receiver["dropped"].get<int>();
  const Json seen = application.await([&](const Json& said) { return said["received"] >= signals - uncertain; });
  EXPECT_LE(seen["received"], signals);
  EXPECT_EQ(seen["missing"], 0);
  EXPECT_EQ(seen["bad"], 0);
  EXPECT_LE(receiver["unknown"], 3) << "one that each had begun";
}

TEST_F(Killed, a_bridge_comes_back_and_an_application_of_the_machines_roudi_goes_on) {
  constexpr int kTries = 5;  // RouDi stands still after some three of a hundred
  bool went_on = false;
  for (int tries = 0; tries < kTries && !went_on; ++tries) {
    MachineRoudi roudi;
    ASSERT_TRUE(await([] { return std::filesystem::exists("/tmp/roudi"); }));
    OpenHost host;
    const auto application = host.application("trader", {"publish=2500", "every=1000"});
    expect_traffic(*application);
    went_on = goes_on_with_each_bridge(host, *application);
    if (went_on) {
      expect_all_signals(host, *application);
      application->end();
      host.end();
      roudi.end();
    } else {
      application->kill();
      roudi.kill();
      host.await_connected(kOwnRoudi);
      host.end();
    }
  }
  EXPECT_TRUE(went_on);
}

TEST_F(Killed, a_roudi_that_does_not_answer_is_told_of_and_is_waited_for) {
  MachineRoudi roudi;
  ASSERT_TRUE(await([] { return std::filesystem::exists("/tmp/roudi"); }));
  roudi.process().signal(SIGSTOP);
  OpenHost host;
  const auto instance = host.await_connected(kMuteRoudi);
  const Untouched untouched{host};
  EXPECT_TRUE(await([&] { return host.says("market.signals")["unconnected"] > 0; })) << "what untouched published";

  roudi.process().signal(SIGCONT);

  ASSERT_TRUE(await([&] { return host.bridge()["says"]["state"] == kMachineRoudi; })) << host.bridge();
  EXPECT_EQ(host.bridge()["instance"], instance);
  const auto application = host.application("trader", kTrade);
  expect_traffic(*application);
  application->end();
  host.end();
  roudi.end();
}

TEST_F(Killed, a_roudi_that_does_not_answer_is_started_anew_by_hand) {
  MachineRoudi roudi;
  ASSERT_TRUE(await([] { return std::filesystem::exists("/tmp/roudi"); }));
  roudi.process().signal(SIGSTOP);
  OpenHost host{"[bridges.iceoryx]\nroudi = \"join\"\n"};
  const auto instance = host.await_connected(kMuteRoudi);
  const Untouched untouched{host};

  roudi.kill();
  roudi.start();

  host.await_connected(kMachineRoudi, instance);
  untouched.look();
  const auto application = host.application("trader", kTrade);
  expect_traffic(*application);
  application->end();
  host.end();
  roudi.end();
}

TEST_F(Killed, a_host_ends_while_roudi_does_not_answer) {
  MachineRoudi roudi;
  ASSERT_TRUE(await([] { return std::filesystem::exists("/tmp/roudi"); }));
  roudi.process().signal(SIGSTOP);
  OpenHost host;
  host.await_connected(kMuteRoudi);

  host.end();

  roudi.process().signal(SIGCONT);
  roudi.end();
}

TEST_F(Killed, a_bridge_of_a_latched_topic_sends_again_what_the_host_has_published_and_not_what_came_in) {
  OpenHost host{{}, "latched = 8\n"};
  const auto instance = host.await_connected(kOwnRoudi);
  const auto application = host.application("trader", {"publish=3", "every=1000"});
  application->await([](const Json& said) { return said["answered"] == 3; });
  EXPECT_EQ(host.host().shunt({"pub", "market.bars", R"({"sequence":7})"}).code, 0);
  ASSERT_TRUE(await([&] { return host.says("market.bars")["sent"] == 1; })) << host.bridge();

  kill_process(host.bridge()["pid"]);
  host.await_connected(kOwnRoudi, instance);

  // Signals come after bars from here on: when those are out again, so is all of the bars that goes out.
  ASSERT_TRUE(await([&] { return host.says("market.signals")["sent"] == 4; })) << host.bridge();
  EXPECT_EQ(host.host().shunt({"pub", "market.bars", R"({"sequence":8})"}).code, 0);
  ASSERT_TRUE(await([&] { return host.says("market.signals")["sent"] == 5; })) << host.bridge();
  ASSERT_TRUE(await([&] { return host.says("market.bars")["sent"] >= 2; })) << host.bridge();
  EXPECT_EQ(host.says("market.bars")["sent"], 2) << "of 5 that are kept";
  application->kill();
  host.end();
}

TEST_F(Killed, a_bridge_with_its_roudi_comes_back_with_another) {
  OpenHost host;
  auto instance = host.await_connected(kOwnRoudi);
  const Untouched untouched{host};

  for (const bool its_parent : {false, true}) {
    const auto application = host.application(its_parent ? "after" : "before", kTrade);
    expect_traffic(*application);
    const std::int64_t pid = host.bridge()["pid"];
    kill_process(its_parent ? parent_of(pid) : pid);
    untouched.look();
    instance = host.await_connected(kOwnRoudi, instance);
    application->kill();  // its RouDi is gone: it has to start anew
  }

  const auto application = host.application("last", kTrade);
  expect_traffic(*application);
  application->end();
  host.end();
}

TEST_F(Killed, the_machines_roudi_is_replaced_by_one_of_the_bridges_own) {
  MachineRoudi roudi;
  ASSERT_TRUE(await([] { return std::filesystem::exists("/tmp/roudi"); }));
  OpenHost host;
  const auto instance = host.await_connected(kMachineRoudi);
  const Untouched untouched{host};

  roudi.kill();

  untouched.look();
  host.await_connected(kOwnRoudi, instance);
  const auto application = host.application("trader", kTrade);
  expect_traffic(*application);
  application->end();
  host.end();
  EXPECT_THAT(iceoryx_files(), IsEmpty());
}

TEST_F(Killed, the_machines_roudi_is_waited_for_where_the_bridge_is_to_join) {
  OpenHost host{"[bridges.iceoryx]\nroudi = \"join\"\n"};
  const Untouched untouched{host};
  ASSERT_TRUE(await([&] { return host.bridge()["says"]["state"] == "waits for the machine's RouDi"; }));
  EXPECT_TRUE(await([&] { return host.says("market.signals")["unconnected"] > 0; })) << "what untouched published";
  MachineRoudi roudi;
  const auto instance = host.await_connected(kMachineRoudi);

  roudi.kill();

  untouched.look();
  ASSERT_TRUE(await([&] {
    const Json now = host.bridge();
    return now["instance"] != instance && now["says"]["state"] == "waits for the machine's RouDi";
  }));
  roudi.start();
  host.await_connected(kMachineRoudi, instance);
  const auto application = host.application("trader", kTrade);
  expect_traffic(*application);
  application->end();
  host.end();
  roudi.end();
}

TEST_F(Killed, a_host_takes_its_bridge_along_and_nothing_of_iceoryx_is_left) {
  OpenHost host;
  host.await_connected(kOwnRoudi);
  const std::int64_t pid = host.bridge()["pid"];

  host.host().process().signal(SIGKILL);

  EXPECT_TRUE(await([&] { return ::kill(static_cast<pid_t>(pid), 0) != 0 || parent_of(pid) == ::getpid(); }));
  EXPECT_TRUE(await([] { return iceoryx_files().empty(); })) << ::testing::PrintToString(iceoryx_files());
}

}  // namespace
}  // namespace shunt::test

int main(int argc, char** argv) { return shunt::test::run_in_private_mounts(argc, argv); }
