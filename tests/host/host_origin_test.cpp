/// When what a message tells of came about, through calls, publications and callbacks.
#include "cast.hpp"
#include "pacer_client.hpp"
#include "tail_client.hpp"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::Each;
using ::testing::Optional;

constexpr std::chrono::nanoseconds kStamp{1'234'567'890'123'456};

class HostOrigin : public HostTest {
 protected:
  HostOrigin() : host(start(configuration())) {}

  static HostConfiguration configuration() {
    auto configuration = with({plugin("libhost_pacer.so"), plugin("libhost_tail.so"), actor()});
    for (const char* name : {"pacer/act", "tail/act", "pacer.news", "tail.news"})
      route(configuration, name).wait = bus::Wait::Sleep;
    return configuration;
  }

  Result<Reply<stage::Outcome>> chain(Origin origin, Deed then = Deed::Echo) {
    auto client = host.client<pacer::Client>().value();
    return client.act(order({.text = "chain", .then = then}), {.deadline = 30s, .origin = origin});
  }

  /// What the end of the chain publishes; its number is the origin that it was given.
  Subscription listen(const std::string& topic) {
    return host
        .subscribe<stage::News>(topic,
                                [this](Received<stage::News>& news) {
                                  numbers.push_back(news->number());
                                  origins.push_back(news.origin());
                                })
        .value();
  }
  bool heard(std::size_t count) {
    return poll_until(host, [&] { return origins.size() >= count; });
  }

  Host host;
  std::vector<std::uint64_t> numbers;
  std::vector<std::optional<std::chrono::nanoseconds>> origins;
};

TEST_F(HostOrigin, it_goes_along_a_nested_call_and_comes_back_with_the_replies) {
  const auto news = listen("tail.news");

  const auto reply = chain(Origin::at(kStamp));
  ASSERT_TRUE(reply);
  ASSERT_TRUE(heard(1));

  EXPECT_EQ((*reply)->number(), static_cast<std::uint64_t>(kStamp.count())) << "what the last handler was given";
  EXPECT_EQ((*reply)->text()->str(), fmt::format("{} {}", kStamp.count(), kStamp.count()));
  EXPECT_THAT(reply->origin(), Optional(kStamp));
  EXPECT_THAT(origins.front(), Optional(kStamp)) << "what the last handler published";
}

TEST_F(HostOrigin, nobody_stamps_what_was_not_asked_for) {
  const auto reply = chain({});

  ASSERT_TRUE(reply);
  EXPECT_EQ((*reply)->number(), 0u);
  EXPECT_EQ(reply->origin(), std::nullopt);
}

TEST_F(HostOrigin, it_goes_from_publication_to_publication_across_plugins) {
  const auto news = listen("tail.news");
  auto orders = host.publisher<stage::Order>("stage.orders").value();

  ASSERT_TRUE(orders.publish(order({}), {.origin = Origin::at(kStamp)}));
  ASSERT_TRUE(heard(1));

  EXPECT_THAT(origins.front(), Optional(kStamp));
  EXPECT_EQ(numbers.front(), static_cast<std::uint64_t>(kStamp.count()));
}

TEST_F(HostOrigin, it_survives_a_payload_that_needs_a_chunk_and_an_urgent_way) {
  const auto news = listen("pacer.news");
  auto orders = host.publisher<stage::Order>("stage.orders").value();

  ASSERT_TRUE(orders.publish(order({.text = std::string(5000, 't')}), {.origin = Origin::at(kStamp)}));
  ASSERT_TRUE(orders.publish(order({}), {.urgent = true, .origin = Origin::at(kStamp)}));
  ASSERT_TRUE(heard(2));

  EXPECT_THAT(origins, Each(Optional(kStamp)));
}

TEST_F(HostOrigin, now_is_the_moment_of_sending_on_the_hosts_clock) {
  const auto before = Host::now();

  const auto reply = chain(Origin::now());
  const auto after = Host::now();

  ASSERT_TRUE(reply && reply->origin());
  EXPECT_GE(*reply->origin(), before);
  EXPECT_LE(*reply->origin(), after);
}

TEST_F(HostOrigin, a_plugin_may_say_another_or_none) {
  const auto news = listen("pacer.news");
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const auto before = Host::now();

  ASSERT_TRUE(orders.publish(order({.text = "none"}), {.origin = Origin::at(kStamp)}));
  ASSERT_TRUE(orders.publish(order({.text = "at", .patience = 77ns}), {.origin = Origin::at(kStamp)}));
  ASSERT_TRUE(orders.publish(order({.text = "now"}), {.origin = Origin::at(kStamp)}));
  ASSERT_TRUE(heard(3));

  EXPECT_EQ(origins[0], std::nullopt);
  EXPECT_THAT(origins[1], Optional(77ns));
  ASSERT_TRUE(origins[2]);
  EXPECT_GE(*origins[2], before);
}

TEST_F(HostOrigin, what_a_callback_calls_and_publishes_has_that_of_what_it_is_for) {
  std::vector<std::optional<std::chrono::nanoseconds>> replies;
  auto tail = host.client<tail::Client>().value();
  const auto news = host.subscribe<stage::News>("pacer.news",
                                                [&](Received<stage::News>&) {
                                                  const auto reply = tail.act(order({}), {.deadline = 30s});
                                                  replies.push_back(reply ? reply->origin() : std::nullopt);
                                                  const auto other =
                                                      tail.act(order({}), {.deadline = 30s, .origin = Origin::none()});
                                                  replies.push_back(other ? other->origin() : kStamp);
                                                })
                        .value();
  auto orders = host.publisher<stage::Order>("stage.orders").value();

  ASSERT_TRUE(orders.publish(order({}), {.origin = Origin::at(kStamp)}));
  ASSERT_TRUE(poll_until(host, [&] { return replies.size() == 2; }));
  const auto outside = tail.act(order({}), {.deadline = 30s});

  EXPECT_THAT(replies[0], Optional(kStamp));
  EXPECT_EQ(replies[1], std::nullopt);
  EXPECT_EQ(outside->origin(), std::nullopt) << "outside of callbacks there is none";
}

TEST_F(HostOrigin, the_callback_of_a_call_hears_that_of_its_reply_and_passes_it_on) {
  auto tail = host.client<tail::Client>().value();
  std::optional<std::chrono::nanoseconds> first, second;
  bool done = false;

  const auto started = tail.act_async(order({}), {.deadline = 30s, .origin = Origin::at(kStamp)},
                                      [&](Result<Reply<stage::Outcome>> reply) {
                                        first = reply->origin();
                                        second = tail.act(order({}), {.deadline = 30s})->origin();
                                        done = true;
                                      });
  ASSERT_TRUE(started);
  ASSERT_TRUE(poll_until(host, [&] { return done; }));

  EXPECT_THAT(first, Optional(kStamp));
  EXPECT_THAT(second, Optional(kStamp));
}

TEST_F(HostOrigin, one_that_cannot_be_told_is_the_nearest_that_can) {
  EXPECT_THAT(chain(Origin::at(-5ns))->origin(), Optional(1ns));
  EXPECT_THAT(chain(Origin::at(std::chrono::nanoseconds::max()))->origin(),
              Optional(std::chrono::nanoseconds{Origin::kMaxNs}));
}

TEST_F(HostOrigin, what_was_kept_for_a_latecomer_still_has_its_own) {
  auto configured = configuration();
  route(configured, "pacer.news").latched = 1;
  Host latched = start(std::move(configured));
  auto orders = latched.publisher<stage::Order>("stage.orders").value();
  ASSERT_TRUE(orders.publish(order({}), {.origin = Origin::at(kStamp)}));
  ASSERT_TRUE(await([&] {
    static_cast<void>(latched.poll());
    const auto routes = latched.snapshot().routes;
    return std::ranges::any_of(routes, [](const auto& each) { return each.name == "pacer.news" && each.latched == 1; });
  }));
  std::vector<std::optional<std::chrono::nanoseconds>> late;

  const auto news =
      latched.subscribe<stage::News>("pacer.news", [&](Received<stage::News>& each) { late.push_back(each.origin()); });
  ASSERT_TRUE(poll_until(latched, [&] { return late.size() == 1; }));

  EXPECT_THAT(late.front(), Optional(kStamp));
}

}  // namespace
}  // namespace shunt::test
