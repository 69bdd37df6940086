/// Whose memory a payload lies in: every receiver reads its own compartment's, whatever changed since it was built.
#include "by_hand.hpp"
#include "cast.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <temporary_directory.hpp>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A host that knows a function whose plugin is not there yet.
class Pools : public HostTest {
 protected:
  Host& begin() {
    auto configuration = with({actor()});
    configuration.admin_socket = folder_.path() / "admin";
    return host_.emplace(start(std::move(configuration)));
  }
  /// A call whose server joins after its payload has got a chunk.
  Result<Reply<stage::Outcome>> call_while_the_partner_joins(const std::string& text) {
    auto client = host_->client<partner::Client>().value();
    return client.act(
        [&](flatbuffers::FlatBufferBuilder& build) {
          const auto built = build.CreateString(text);
          partner_.emplace(*host_, folder_.path() / "admin", "libhost_partner.so", "partner");
          return stage::CreateOrder(build, Deed::Echo, 1, built);
        },
        {.deadline = 30s});
  }
  bool all_chunks_are_back() {
    return poll_until(*host_, [&] { return chunks_in_use(*host_) == 0; });
  }
  void TearDown() override {
    host_.reset();
    partner_.reset();
    HostTest::TearDown();
  }

 private:
  TemporaryDirectory folder_;
  std::optional<Host> host_;
  std::optional<ByHand> partner_;
};

TEST_F(Pools, a_request_that_was_built_before_its_server_joined_is_copied_to_where_that_reads) {
  Host& host = begin();
  const std::string text(1000, 't');

  const auto reply = call_while_the_partner_joins(text);

  ASSERT_TRUE(reply) << to_string(reply.error());
  EXPECT_EQ((*reply)->text()->str(), text);
  const auto again = host.client<partner::Client>().value().act(order({.text = text}), {.deadline = 30s});
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ((*again)->text()->str(), text);
  EXPECT_TRUE(all_chunks_are_back());
}

TEST_F(Pools, a_request_that_was_built_before_its_server_joined_and_fits_none_of_its_chunks_is_too_large) {
  begin();

  const auto reply = call_while_the_partner_joins(std::string(100'000, 't'));

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::TooLarge);
  EXPECT_THAT(reply.error().message, AllOf(HasSubstr("65536"), HasSubstr("`inbound`")));
  EXPECT_TRUE(all_chunks_are_back());
}

/// Orders of 20 kB for an actor and a partner, each with room for two of them towards it.
class FullPools : public HostTest {
 protected:
  static constexpr std::uint64_t kPublications = 20;
  static constexpr std::uint64_t kRoom = 2;
  static inline const std::string kText = std::string(20'000, 't');

  void begin(SlowConsumer policy, std::vector<PluginConfiguration> plugins, PayloadPlace payload = PayloadPlace::Auto) {
    for (PluginConfiguration& plugin : plugins) {
      plugin.inbound = {{256, 64}, {32u << 10, kRoom}};
      plugin.handler_max = plugin.hold_max = 1h;  // what is frozen is not taken for stuck
    }
    auto configuration = with(std::move(plugins));
    route(configuration, "stage.orders").slow_consumer = policy;
    route(configuration, "stage.orders").payload = payload;
    host_.emplace(start(std::move(configuration)));
    orders_ = host_->publisher<stage::Order>("stage.orders").value();
  }
  /// Subscribes and publishes one at a time, each heard before the next is sent.
  void publish_all_to(const std::string& topic) {
    std::vector<std::uint64_t> heard;
    const auto subscription =
        host_->subscribe<stage::News>(topic, [&](Received<stage::News>& news) { heard.push_back(news->number()); });
    for (std::uint64_t i = 0; i < kPublications; ++i) {
      const auto sent = publish(i);
      ASSERT_TRUE(sent) << i << ": " << to_string(sent.error());
      ASSERT_EQ(sent->dropped, i < kRoom ? 0u : 1u) << i;
      ASSERT_TRUE(poll_until(*host_, [&] { return heard.size() > i; }));
      ASSERT_EQ(heard.back(), i);
    }
  }
  Result<Delivery> publish(std::uint64_t number, Deed deed = Deed::Publish, std::string_view text = kText) {
    return orders_->publish(order({.deed = deed, .number = number, .text = text}));
  }
  std::uint64_t dropped_for(std::string_view plugin) { return receiver_of(*host_, "stage.orders", plugin).dropped; }
  bool all_chunks_are_back() {
    return poll_until(*host_, [&] { return chunks_in_use(*host_) == 0; });
  }
  void TearDown() override {
    orders_.reset();
    host_.reset();
    HostTest::TearDown();
  }

  std::optional<Host> host_;

 private:
  std::optional<Publisher<stage::Order>> orders_;
};

// Which of the two is asked for a chunk first depends on where their pools lie in memory: both are tried.

TEST_F(FullPools, of_one_receiver_of_a_topic_that_drops_take_nothing_from_the_other) {
  for (const SlowConsumer policy : {SlowConsumer::DropNewest, SlowConsumer::DropOldest}) {
    for (const auto& [full, other] : {std::pair{"actor", "partner"}, std::pair{"partner", "actor"}}) {
      begin(policy, {actor(), partner(0)});
      {
        const Frozen frozen{*host_, full};
        publish_all_to(std::string{other} + ".news");
      }
      EXPECT_EQ(dropped_for(full), kPublications - kRoom);
      EXPECT_EQ(dropped_for(other), 0u);
      EXPECT_TRUE(all_chunks_are_back());
    }
  }
}

TEST_F(FullPools, are_found_full_in_the_middle_of_a_payload_that_grows) {
  for (const char* const full : {"actor", "partner"}) {
    begin(SlowConsumer::DropNewest, {actor(), partner(0)}, PayloadPlace::Chunk);
    const Frozen frozen{*host_, full};
    // What the frozen one has been sent stays in use, and nothing else.
    const auto in_use = [&](std::uint64_t chunks) {
      return poll_until(*host_, [&] { return chunks_in_use(*host_) == chunks; });
    };
    for (std::uint64_t i = 0; i < kRoom; ++i) ASSERT_EQ(publish(i, Deed::Echo).value().dropped, 0u);
    for (std::uint64_t i = 1; i <= kPublications; ++i) {
      ASSERT_TRUE(in_use(kRoom + i - 1));
      ASSERT_EQ(publish(i, Deed::Echo, "small").value().dropped, 0u);
      ASSERT_TRUE(in_use(kRoom + i));
      const auto sent = publish(i, Deed::Echo);  // begins in a small chunk, like the one before
      ASSERT_TRUE(sent) << i << ": " << to_string(sent.error());
      ASSERT_EQ(sent->dropped, 1u) << i;
    }
    EXPECT_TRUE(in_use(kRoom + kPublications));
  }
}

TEST_F(FullPools, of_all_receivers_of_a_topic_that_drops_do_not_stop_its_sender) {
  begin(SlowConsumer::DropOldest, {actor(), partner(0)});
  {
    const Frozen actor{*host_, "actor"};
    const Frozen partner{*host_, "partner"};
    for (std::uint64_t i = 0; i < kPublications; ++i) {
      const auto sent = publish(i);
      ASSERT_TRUE(sent) << i << ": " << to_string(sent.error());
      ASSERT_EQ(sent->dropped, i < kRoom ? 0u : 2u) << i;
    }
  }
  EXPECT_EQ(dropped_for("actor"), kPublications - kRoom);
  EXPECT_EQ(dropped_for("partner"), kPublications - kRoom);
  EXPECT_TRUE(all_chunks_are_back());
}

TEST_F(FullPools, of_a_topic_that_refuses_keep_a_publication_from_everybody) {
  for (const auto& [full, other] : {std::pair{"actor", "partner.news"}, std::pair{"partner", "actor.news"}}) {
    begin(SlowConsumer::Refuse, {actor(), partner(0)});
    std::uint64_t heard = 0;
    const auto subscription = host_->subscribe<stage::News>(other, [&](Received<stage::News>&) { ++heard; });
    {
      const Frozen frozen{*host_, full};
      for (std::uint64_t i = 0; i < kRoom; ++i) {
        ASSERT_TRUE(publish(i));
        ASSERT_TRUE(poll_until(*host_, [&] { return heard == i + 1; }));
      }

      const auto one_more = publish(kRoom);

      ASSERT_FALSE(one_more);
      EXPECT_EQ(one_more.error().code, ErrorCode::QuotaExceeded) << full;
      EXPECT_THAT(one_more.error().message, HasSubstr("all 2 chunks of 32768 bytes"));
    }
    EXPECT_TRUE(all_chunks_are_back());
    EXPECT_EQ(heard, kRoom) << "nobody got what was refused";
    EXPECT_EQ(dropped_for("actor") + dropped_for("partner"), 0u);
  }
}

TEST_F(Pools, two_versions_of_a_plugin_in_two_compartments_are_refused) {
  auto second = actor_2();
  second.compartment = "other";

  const auto host = Host::start(with({actor(), second}));

  ASSERT_FALSE(host);
  EXPECT_EQ(host.error().code, ErrorCode::BadConfiguration);
  EXPECT_THAT(host.error().message, AllOf(HasSubstr("actor 2.0.0"), HasSubstr("\"other\""), HasSubstr("\"actor\""),
                                          HasSubstr("`compartment`")));
  auto first = actor();
  first.compartment = "other";
  EXPECT_TRUE(Host::start(with({first, second})));
}

}  // namespace
}  // namespace shunt::test
