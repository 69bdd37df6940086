/// The untyped side for tools, and what a host shows of itself: snapshots and events.
#include "cast.hpp"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::uint8_t> bytes_of(const Order& what) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(order(what)(builder));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

class Bytes : public HostTest {};

TEST_F(Bytes, are_called_with_and_answered_by_name) {
  Host host = start({actor()});

  for (const std::string& text : {std::string{"small"}, std::string(3000, 't')}) {
    const auto answer = host.call_bytes("actor/act", bytes_of({.number = 7, .text = text}), {.deadline = 30s});

    ASSERT_TRUE(answer) << to_string(answer.error());
    const auto* const outcome = verified_root<stage::Outcome>(answer->bytes());
    ASSERT_NE(outcome, nullptr);
    EXPECT_EQ(outcome->text()->str(), text);
  }
}

TEST_F(Bytes, are_published_and_heard_by_name) {
  Host host = start({actor()});
  std::vector<std::uint64_t> heard;
  const auto subscription = host.subscribe_bytes("actor.news", {}, [&](ReceivedBytes& bytes, bool redelivered) {
    EXPECT_FALSE(redelivered);
    heard.push_back(verified_root<stage::News>(bytes.bytes())->number());
    return true;
  });

  for (const std::string& text : {std::string{}, std::string(3000, 't')})
    EXPECT_EQ(host.publish_bytes("stage.orders", bytes_of({.deed = Deed::Publish, .number = text.size(), .text = text}))
                  .value()
                  .delivered,
              1u);

  EXPECT_TRUE(poll_until(host, [&] { return heard.size() == 2; }));
  EXPECT_THAT(heard, ElementsAre(0, 3000));
}

TEST_F(Bytes, that_are_not_of_the_declared_type_are_refused_by_their_reader) {
  Host host = start({actor()});
  const std::vector<std::uint8_t> garbage(100, 0xee);

  const auto answer = host.call_bytes("actor/act", garbage);

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::BadPayload);
  EXPECT_THAT(answer.error().message, AllOf(HasSubstr("actor/act"), HasSubstr("stage.Order")));
  EXPECT_TRUE(host.client<actor::Client>().value().act(order({})));
}

TEST_F(Bytes, for_what_nobody_declares_have_no_route) {
  Host host = start({actor()});

  EXPECT_EQ(host.call_bytes("actor/dance", {}).error().code, ErrorCode::NoSuchRoute);
  EXPECT_EQ(host.publish_bytes("stage.fright", {}).error().code, ErrorCode::NoSuchRoute);
  EXPECT_EQ(host.subscribe_bytes("stage.fright", {}, {}).error().code, ErrorCode::NoSuchRoute);
  EXPECT_EQ(host.schema_of("stage.fright").error().code, ErrorCode::NoSuchRoute);
  EXPECT_EQ(host.call_bytes("actor.news", {}).error().code, ErrorCode::SchemaMismatch) << "a topic is not called";
}

TEST_F(Bytes, come_with_the_schema_that_reads_them) {
  Host host = start({actor()});

  for (const char* route : {"actor/act", "actor.news", "stage.orders"}) {
    const auto schema = host.schema_of(route);

    ASSERT_TRUE(schema) << route;
    const std::string_view text{reinterpret_cast<const char*>(schema->data()), schema->size()};
    EXPECT_THAT(std::string{text}, HasSubstr("stage.News"));
  }
}

class Sights : public HostTest {};

TEST_F(Sights, a_snapshot_counts_what_was_sent_done_received_and_held) {
  Host host = start({actor(), partner()});
  auto client = host.client<actor::Client>().value();
  const auto subscription = host.subscribe<stage::News>("actor.news", [](Received<stage::News>&) {});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.act(order({.deed = Deed::Publish, .count = 2})));
  ASSERT_TRUE(poll_until(host, [&] { return snapshot_of(host, "partner").received == 10; }));

  const HostSnapshot snapshot = host.snapshot();

  EXPECT_EQ(snapshot.name, "shunt");
  EXPECT_GT(snapshot.epoch, 0u);
  EXPECT_EQ(snapshot.in_flight, 0u);
  const auto of_actor = snapshot_of(host, "actor");
  EXPECT_EQ(of_actor.state, "Active");
  EXPECT_THAT(of_actor.version, HasSubstr("1.0.0"));
  EXPECT_GT(pid_of(host, "actor"), 0);
  EXPECT_EQ(of_actor.sent, 5u + 10u) << "calls, and what the partner passed on";
  EXPECT_EQ(of_actor.received, 10u);
  EXPECT_EQ(of_actor.held_chunks, 0u);
  EXPECT_EQ(of_actor.crashes, 0u);
  EXPECT_EQ(of_actor.trust, "Unsigned");
  EXPECT_EQ(of_actor.sha256.size(), 64u);
  const auto news = std::ranges::find(snapshot.routes, "actor.news", &RouteSnapshot::name);
  ASSERT_NE(news, snapshot.routes.end());
  EXPECT_FALSE(news->function);
  EXPECT_EQ(news->request, "stage.News");
  EXPECT_EQ(news->subscriptions, 1u);
  ASSERT_EQ(news->receivers.size(), 1u);
  EXPECT_EQ(news->receivers[0].plugin, "partner");
  EXPECT_EQ(news->receivers[0].dropped + news->receivers[0].waiting + news->receivers[0].refused, 0u);
}

TEST_F(Sights, a_snapshot_shows_what_a_plugin_holds_and_what_waits_for_it) {
  auto plugin = actor();
  plugin.slots = 16;
  Host host = start({plugin});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const std::string text(1000, 't');
  {
    const Frozen frozen{host, "actor"};
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(orders.publish(order({.text = text})));

    EXPECT_EQ(snapshot_of(host, "actor").held_chunks, 14u);
    EXPECT_EQ(receiver_of(host, "stage.orders", "actor").waiting, 6u);
    EXPECT_EQ(chunks_in_use(host), 20u);
  }
  EXPECT_TRUE(poll_until(host, [&] { return chunks_in_use(host) == 0; }));
  EXPECT_EQ(receiver_of(host, "stage.orders", "actor").waiting, 0u);
}

TEST_F(Sights, events_are_numbered_without_gaps_and_tell_a_life) {
  Host host = start({actor(), actor_2()});  // with settings for a route of the partner, who is not there
  ASSERT_TRUE(host.switch_to("actor", "2.0.0"));
  ASSERT_TRUE(host.stop("actor"));

  const auto events = host.events();

  std::vector<HostEventKind> kinds;
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].number, i + 1);
    EXPECT_EQ(events[i].plugin, i == 0 ? "" : "actor");
    kinds.push_back(events[i].kind);
  }
  using enum HostEventKind;
  EXPECT_THAT(kinds, ElementsAre(RouteUndeclared, Started, Active, Started, Active, Switched, Ended, Stopped, Ended));
  EXPECT_EQ(host.events(events.back().number).size(), 0u);
  EXPECT_EQ(host.events(3).front().number, 4u);
}

TEST_F(Sights, who_waits_for_events_is_woken_by_one_and_by_a_stop) {
  Host host = start({actor()});
  const auto seen = host.events().back().number;
  std::vector<HostEvent> got;
  std::jthread waiter{[&] { got = host.wait_events(seen, {}); }};

  ASSERT_TRUE(host.stop("actor"));
  waiter.join();
  ASSERT_FALSE(got.empty());
  EXPECT_EQ(got.front().number, seen + 1);

  std::jthread idle{[&](const std::stop_token& stop) { EXPECT_TRUE(host.wait_events(1'000'000, stop).empty()); }};
  idle.request_stop();
}

}  // namespace
}  // namespace shunt::test
