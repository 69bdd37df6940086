/// What is lost at the border is what the policy says, and it is counted.

#include "open_host.hpp"
#include "raw_client.hpp"

#include <shunt/host/base64.hpp>
#include <shunt/schemas/market_generated.h>

#include <csignal>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;

class BorderPolicy : public ProcessTest {};

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

/// Publishes a signal without starting a program for it: RouDi, which stands still with its bridge, drops everybody
/// whom it has not heard for 1.5 s.
void publish(OpenHost& host, std::uint64_t sequence) {
  flatbuffers::FlatBufferBuilder builder;
  market::SignalBuilder signal{builder};
  signal.add_sequence(sequence);
  builder.Finish(signal.Finish());
  RawClient client{host.host().socket()};
  const Json wish{{"command", "pub"},
                  {"topic", "market.signals"},
                  {"payload", to_base64({builder.GetBufferPointer(), builder.GetSize()})}};
  ASSERT_TRUE(client.send(wish.dump()));
  const Json answer = client.answer();
  EXPECT_TRUE(answer.contains("result")) << answer;
}

TEST_F(BorderPolicy, a_bridge_that_does_not_keep_up_loses_messages_and_refuses_none) {
  constexpr int kSent = 24;
  OpenHost host{"[bridges.iceoryx]\nslots = 16\n", "backlog = 2\nslow_consumer = \"refuse\""};
  const auto application = host.application("reader");
  application->await([](const Json& said) { return said["connected"] == true; });

  {
    const Frozen frozen{host.bridge()};
    for (std::uint64_t i = 0; i < kSent; ++i) publish(host, i);
  }

  const Json receiver = host.receiver("market.signals");
  const int dropped = receiver["dropped"];
  EXPECT_GT(dropped, 0);
  EXPECT_EQ(receiver["refused"], 0);
  const Json seen = application->await([&](const Json& said) { return said["answered"] == kSent - dropped; });
  EXPECT_EQ(seen["missing"], 0) << "what the host dropped has no number";
  application->end();
  host.end();
}

TEST_F(BorderPolicy, a_reader_that_does_not_keep_up_finds_what_it_lost_in_the_numbers) {
  constexpr int kSent = 600;
  OpenHost host;
  const auto application = host.application("reader", {"publish=600", "every=100", "read=no"});
  ASSERT_TRUE(await([&] { return host.says("market.signals")["sent"] == kSent; })) << host.bridge();

  application->process().signal(SIGUSR1);

  const Json seen = application->await([](const Json& said) { return said["next"] == kSent; });
  EXPECT_LT(seen["received"], kSent);
  EXPECT_EQ(seen["first"].get<int>() + seen["received"].get<int>() + seen["missing"].get<int>(), kSent);
  application->end();
  host.end();
}

TEST_F(BorderPolicy, what_overruns_the_queue_from_outside_is_counted) {
  constexpr int kSent = 1500;
  OpenHost host;
  const auto application = host.application("writer", {"publish=1500", "every=100"});
  application->await([](const Json& said) { return said["answered"] > 50; });

  {
    const Frozen frozen{host.bridge()};
    application->await([](const Json& said) { return said["sent"] == kSent; });
  }

  const auto all = [&] {
    const Json says = host.says("market.bars");
    return says["received"].get<int>() + says["lost"].get<int>() == kSent;
  };
  EXPECT_TRUE(await(all)) << host.bridge();
  EXPECT_GT(host.says("market.bars")["lost"], 0);
  application->end();
  host.end();
}

TEST_F(BorderPolicy, what_is_not_of_the_topics_schema_does_not_come_in) {
  OpenHost host{"[bridges.iceoryx]\nshared = { \"128 KiB\" = 64 }\n"};

  for (const auto& [name, word] :
       {std::pair{"wrong", "header=wrong"}, {"short", "payload=4"}, {"large", "payload=70000"}}) {
    const auto before = host.says("market.bars")["refused"].get<int>();
    const auto application = host.application(name, {"publish=5", "every=1000", word});
    EXPECT_TRUE(await([&] { return host.says("market.bars")["refused"] == before + 5; })) << name << host.bridge();
    application->end();
  }

  EXPECT_EQ(host.says("market.bars")["received"], 0);
  host.end();
}

TEST_F(BorderPolicy, what_is_no_flatbuffer_reaches_no_handler) {
  OpenHost host;
  const auto application = host.application("liar", {"publish=300", "every=100", "payload=1000"});
  EXPECT_TRUE(await([&] { return host.says("market.bars")["received"] == 300; })) << host.bridge();
  application->end();
  ASSERT_TRUE(await([&] { return host.host().listed("momentum")["done"] == 300; }));

  const auto honest = host.application("honest", {"publish=5", "every=1000", "header=none"});

  const Json seen = honest->await([](const Json& said) { return said["answered"] == 5; });
  EXPECT_EQ(seen["received"], 5) << "of those that were none, nothing came";
  EXPECT_EQ(host.host().listed("momentum")["crashes"], 0);
  honest->end();
  host.end();
}

TEST_F(BorderPolicy, what_iceoryx_has_no_memory_for_is_counted) {
  OpenHost host{"[bridges.iceoryx]\nshared = { \"8 B\" = 64 }\n"};
  host.await_connected(kOwnRoudi);

  EXPECT_EQ(host.host().shunt({"pub", "market.signals", R"({"sequence":7,"close":1.5,"strength":3})"}).code, 0);

  EXPECT_TRUE(await([&] { return host.says("market.signals")["no_memory"] == 1; })) << host.bridge();
  EXPECT_EQ(host.says("market.signals")["sent"], 0);
  host.end();
}

TEST_F(BorderPolicy, a_topic_that_no_plugin_knows_cannot_be_open) {
  const TemporaryDirectory folder;
  const auto file = folder.write("host.toml", "[trust]\nallow_unsigned = true\n" + plugin(MOMENTUM_4) +
                                                  "[routes.\"market.fills\"]\nopen = \"iceoryx\"\n");

  const Ran ran = run(SHUNT, {"plan", file});

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("no configured plugin hears or publishes this topic"));
}

TEST_F(BorderPolicy, a_plan_counts_the_memory_that_host_and_bridge_share) {
  const TemporaryDirectory folder;
  const auto file = folder.write("host.toml", "[trust]\nallow_unsigned = true\n" + plugin(MOMENTUM_4) +
                                                  "[bridges.iceoryx]\nslots = 64\n"
                                                  "[routes.\"market.bars\"]\nopen = \"iceoryx\"\n");

  const Ran ran = run(SHUNT, {"plan", file});

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, HasSubstr("compartment bridge:iceoryx"));
  EXPECT_THAT(ran.out, HasSubstr("bridge:iceoryx " SHUNT_VERSION));
}

TEST_F(BorderPolicy, a_host_without_its_bridges_program_says_so_at_its_start) {
  const TemporaryDirectory folder;
  const auto file = folder.write("host.toml", "[trust]\nallow_unsigned = true\n" + plugin(MOMENTUM_4) +
                                                  "[bridges.iceoryx]\nprogram = \"no-such\"\n"
                                                  "[routes.\"market.bars\"]\nopen = \"iceoryx\"\n");

  const Ran ran = run(SHUNT, {"run", file});

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, HasSubstr("name the program shunt-bridge-iceoryx"));
}

}  // namespace
}  // namespace shunt::test

int main(int argc, char** argv) { return shunt::test::run_in_private_mounts(argc, argv); }
