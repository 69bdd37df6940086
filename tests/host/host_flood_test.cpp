/// A plugin that sends as fast as it can, and everybody else.
#include "cast.hpp"

#include <csignal>
#include <thread>

namespace shunt::test {
namespace {

/// The actor publishes without end from here on; what nobody takes is dropped, so nothing holds it back.
class Flood : public HostTest {
 protected:
  static constexpr std::uint32_t kSlots = 64;
  static constexpr std::uint32_t kBacklog = 16;

  Host& begin() {
    auto flooding = actor();
    flooding.slots = kSlots;
    auto configuration = with({flooding, partner(0)});
    route(configuration, "actor.news").slow_consumer = SlowConsumer::DropNewest;
    route(configuration, "actor.news").backlog = kBacklog;
    host_.emplace(start(std::move(configuration)));
    subscription_.emplace(
        host_->subscribe<stage::News>("actor.news", [this](Received<stage::News>&) { ++heard_; }).value());
    flood_ = std::thread{[this] {
      auto client = host_->client<actor::Client>().value();
      static_cast<void>(client.act(order({.deed = Deed::Publish, .count = UINT32_MAX}), {.deadline = kPatience}));
    }};
    EXPECT_TRUE(poll_until(*host_, [&] { return heard_ > 10 * kSlots; }));
    return *host_;
  }
  void TearDown() override {
    send_signal(pid_of(*host_, "actor"), SIGKILL);  // nobody waits for the end of such a handler
    flood_.join();
    subscription_.reset();
    host_.reset();
    HostTest::TearDown();
  }

  std::optional<Host> host_;
  std::optional<Subscription> subscription_;
  std::thread flood_;
  std::size_t heard_ = 0;
};

TEST_F(Flood, does_not_hold_the_thread_that_polls) {
  Host& host = begin();

  for (int i = 0; i < 1000; ++i) {
    const auto callbacks = host.poll();
    ASSERT_TRUE(callbacks) << to_string(callbacks.error());
    ASSERT_LE(*callbacks, kBacklog + kSlots);
  }
}

TEST_F(Flood, does_not_keep_another_plugins_answers) {
  Host& host = begin();
  auto client = host.client<partner::Client>().value();

  for (std::uint64_t i = 0; i < 1000; ++i) {
    const auto reply = client.act(order({.number = i}), {.deadline = kPatience});
    ASSERT_TRUE(reply) << to_string(reply.error());
    ASSERT_EQ((*reply)->number(), i);
  }
}

}  // namespace
}  // namespace shunt::test
