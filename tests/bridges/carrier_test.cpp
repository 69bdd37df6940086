/// A carrier between one end of a lane and a world that the test makes up.

#include "carrier.hpp"

#include <shunt/bridges/gaps.hpp>

#include <deque>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lane_pair.hpp>

namespace shunt::bridges {
namespace {

using bus::Ring;
using bus::test::InboundPool;
using bus::test::LanePair;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t kBars = 7;  // RouteIds
constexpr std::uint32_t kSignals = 9;

/// What is outside, as the test sees it from its own thread.
struct Outside {
  std::mutex mutex;
  Link link = Link::Connected;
  bool has_memory = true;
  std::uint64_t key = 0;  ///< Of what arrives, as is `urgent`.
  bool urgent = false;
  std::vector<std::string> sent;     ///< "topic:payload"
  std::deque<std::string> arriving;  ///< For topic 1.

  template <typename Use>
  auto with(Use&& use) {
    const std::lock_guard lock{mutex};
    return use();
  }
};

class MadeUpWorld final : public World {
 public:
  explicit MadeUpWorld(Outside& outside) : outside_(outside) {}
  Link look() override {
    return outside_.with([&] { return outside_.link; });
  }
  [[nodiscard]] std::string state() const override { return "made up"; }
  Sent send(std::size_t topic, const Outgoing& message) override {
    return outside_.with([&] {
      if (!outside_.has_memory) return Sent::NoMemory;
      const std::string text{reinterpret_cast<const char*>(message.payload.data()), message.payload.size()};
      outside_.sent.push_back(fmt::format("{}:{}{}{}{}{}", topic, text, message.redelivered ? " again" : "",
                                          message.latched ? " latched" : "", message.urgent ? " urgent" : "",
                                          message.key == 0 ? "" : fmt::format(" of {}", message.key)));
      return Sent::Yes;
    });
  }
  std::optional<Received> receive() override {
    return outside_.with([&]() -> std::optional<Received> {
      if (outside_.arriving.empty()) return std::nullopt;
      taken_ = outside_.arriving.front();
      outside_.arriving.pop_front();
      return Received{1, std::as_bytes(std::span{taken_}), outside_.key, outside_.urgent};
    });
  }
  void release() override { taken_.clear(); }
  void count(std::size_t topic, control::OpenCountersT& counters) const override { counters.lost += topic; }

 private:
  Outside& outside_;
  std::string taken_;
};

class Carriers : public ::testing::Test {
 protected:
  Carriers() { carrier.connect_to(std::make_unique<MadeUpWorld>(outside)); }
  ~Carriers() override { end(); }

  void start() {
    thread = std::thread{[this] { went_well = carrier.run(); }};
  }
  void end() {
    carrier.stop();
    if (thread.joinable()) thread.join();
  }
  void send_to_bridge(std::string_view payload, std::uint8_t flags = 0, std::uint64_t key = 0) {
    bus::MessageHeader header;
    header.route = kBars;
    header.kind = bus::Kind::Publication;
    header.place = bus::Place::Inline;
    header.flags = flags;
    header.payload_bytes = static_cast<std::uint32_t>(payload.size());
    bus::set_key(header, key);
    const Ring ring = (flags & bus::flag::kUrgent) != 0 ? Ring::Reply : Ring::Data;
    lane.host->sender.push(ring, header, std::as_bytes(std::span{payload}));
    lane.host->sender.wake();
  }
  void arrive(const std::string& payload) {
    outside.with([&] { outside.arriving.push_back(payload); });
    carrier.wake();
  }
  /// The next message that the host gets.
  std::string next_to_host() {
    const bus::Incoming* incoming = nullptr;
    await([&] { return (incoming = lane.host->receiver.next(Ring::Data)) != nullptr; });
    if (incoming == nullptr) return "nothing";
    std::string text =
        fmt::format("{}:{}", incoming->header.route,
                    std::string{reinterpret_cast<const char*>(incoming->payload.data()), incoming->payload.size()});
    if (incoming->header.place == bus::Place::Chunk)
      lane.host->receiver.give_back(incoming->header.chunk, incoming->header.generation);
    lane.host->receiver.free(Ring::Data);
    return text;
  }
  template <typename Condition>
  static bool await(Condition&& condition) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!condition()) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::yield();
    }
    return true;
  }
  [[nodiscard]] control::OpenCountersT said(std::size_t topic) {
    const std::lock_guard lock{report_mutex};
    return report.topics.empty() ? control::OpenCountersT{} : *report.topics[topic];
  }

  InboundPool inbound;
  LanePair lane{inbound};
  Outside outside;
  std::mutex report_mutex;
  control::BridgeReportT report;
  Carrier carrier{*lane.plugin, {{kBars, kSignals}, {kBars, kSignals}}, [this](control::BridgeReportT news) {
                    const std::lock_guard lock{report_mutex};
                    report = std::move(news);
                  }};
  std::thread thread;
  bool went_well = false;
};

TEST_F(Carriers, what_the_host_sends_goes_out_in_order_and_keeps_its_mark) {
  start();

  send_to_bridge("first");
  send_to_bridge("second", bus::flag::kRedelivered);

  EXPECT_TRUE(await([&] { return said(0).sent == 2; }));
  end();
  EXPECT_THAT(outside.sent, ElementsAre("0:first", "0:second again"));
  EXPECT_EQ(said(0).sent_bytes, 11u);
  EXPECT_EQ(said(1).lost, 1u) << "what the world counts is told";
  EXPECT_TRUE(went_well);
}

TEST_F(Carriers, what_is_urgent_goes_out_first_and_what_is_kept_goes_out_with_its_key) {
  send_to_bridge("kept", bus::flag::kLatched, 5);
  send_to_bridge("now", bus::flag::kUrgent);
  start();

  EXPECT_TRUE(await([&] { return said(0).sent == 2; }));
  end();
  EXPECT_THAT(outside.sent, ElementsAre("0:now urgent", "0:kept latched of 5"));
  EXPECT_EQ(lane.host->sender.marks(Ring::Reply).done, 1u);
}

TEST_F(Carriers, what_arrives_with_a_key_or_urgent_comes_to_the_host_so) {
  outside.key = 5;
  outside.urgent = true;
  start();

  arrive("12345678");

  const bus::Incoming* incoming = nullptr;
  ASSERT_TRUE(await([&] { return (incoming = lane.host->receiver.next(Ring::Reply)) != nullptr; }));
  EXPECT_EQ(bus::key_of(incoming->header), 5u);
  EXPECT_EQ(incoming->header.flags, bus::flag::kUrgent);
}

TEST_F(Carriers, what_arrives_reaches_the_host_inline_and_in_chunks) {
  start();

  arrive("12345678");
  arrive(std::string(300, 'x'));

  EXPECT_EQ(next_to_host(), "9:12345678");
  EXPECT_EQ(next_to_host(), "9:" + std::string(300, 'x'));
  EXPECT_TRUE(await([&] { return said(1).received == 2; }));
  EXPECT_EQ(said(1).received_bytes, 308u);
}

TEST_F(Carriers, what_cannot_be_a_flatbuffer_or_fits_no_chunk_is_refused) {
  start();

  arrive("1234567");
  arrive(std::string(1025, 'x'));
  arrive("12345678");

  EXPECT_EQ(next_to_host(), "9:12345678");
  EXPECT_TRUE(await([&] { return said(1).refused == 2; }));
}

TEST_F(Carriers, what_finds_no_room_towards_the_host_waits_outside_and_comes_in_order) {
  start();
  constexpr int kMessages = 100;  // a ring has 16 slots, and there are two chunks

  for (int i = 0; i < kMessages; ++i) arrive(std::string(i % 2 == 0 ? 300 : 8, static_cast<char>('A' + i % 26)));

  for (int i = 0; i < kMessages; ++i)
    EXPECT_EQ(next_to_host(), "9:" + std::string(i % 2 == 0 ? 300 : 8, static_cast<char>('A' + i % 26)));
  EXPECT_TRUE(await([&] { return said(1).received == kMessages; }));
}

TEST_F(Carriers, without_a_world_to_send_to_a_message_is_dropped_and_counted) {
  outside.link = Link::Waiting;
  start();

  send_to_bridge("nobody");
  ASSERT_TRUE(await([&] { return said(0).unconnected == 1; }));
  outside.with([&] { outside.link = Link::Connected; });
  outside.with([&] { outside.has_memory = false; });
  send_to_bridge("no room");  // or nobody still: looked at every 100 ms

  EXPECT_TRUE(await([&] { return said(0).unconnected + said(0).no_memory == 2; }));
  end();
  EXPECT_THAT(outside.sent, IsEmpty());
  EXPECT_EQ(said(0).sent, 0u);
}

TEST_F(Carriers, a_world_that_is_lost_ends_the_run) {
  start();
  outside.with([&] { outside.link = Link::Lost; });

  thread.join();

  EXPECT_FALSE(went_well);
}

TEST_F(Carriers, a_host_that_breaks_the_contract_ends_the_run) {
  start();
  bus::MessageHeader header;
  header.route = kBars;
  header.kind = bus::Kind::Publication;
  header.place = bus::Place::Inline;
  header.payload_bytes = 1000;  // more than a slot holds

  lane.host->sender.push(Ring::Data, header, {});
  lane.host->sender.wake();

  thread.join();
  EXPECT_FALSE(went_well);
}

TEST(GapsTest, what_is_missing_is_counted_for_each_sender) {
  Gaps gaps;

  EXPECT_EQ(gaps.see(1, 5), 0u) << "where it begins nobody knows";
  EXPECT_EQ(gaps.see(1, 6), 0u);
  EXPECT_EQ(gaps.see(2, 0), 0u);
  EXPECT_EQ(gaps.see(1, 9), 2u);
  EXPECT_EQ(gaps.see(2, 1), 0u);
}

TEST(GapsTest, numbers_that_go_back_miss_nothing) {
  Gaps gaps;
  static_cast<void>(gaps.see(1, 5));

  EXPECT_EQ(gaps.see(1, 3), 0u);
  EXPECT_EQ(gaps.see(1, 4), 0u);
}

TEST(GapsTest, senders_without_end_are_forgotten_and_the_newest_is_not) {
  Gaps gaps;

  for (std::uint64_t sender = 5000; sender > 0; --sender) static_cast<void>(gaps.see(sender, 0));

  EXPECT_EQ(gaps.see(1, 3), 2u);
}

}  // namespace
}  // namespace shunt::bridges
