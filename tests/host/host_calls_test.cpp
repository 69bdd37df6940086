/// Calls from the host's threads, and between plugins.
#include "cast.hpp"

#include <atomic>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>
#include <scale.hpp>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Calls : public HostTest {};

TEST_F(Calls, a_small_payload_comes_back_inside_the_message) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();

  const auto reply = client.act(order({.number = 7, .text = "small"}));

  ASSERT_TRUE(reply) << to_string(reply.error());
  EXPECT_EQ((*reply)->number(), 7u);
  EXPECT_EQ((*reply)->text()->str(), "small");
  EXPECT_EQ((*reply)->version(), 1u);
  EXPECT_EQ(chunks_in_use(host), 0u);
}

TEST_F(Calls, a_large_payload_goes_and_comes_in_a_chunk) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  const std::string large(3000, 't');

  const auto reply = client.act(order({.number = 8, .text = large, .bytes = 50'000}));

  ASSERT_TRUE(reply) << to_string(reply.error());
  EXPECT_EQ((*reply)->text()->str(), large);
  EXPECT_EQ((*reply)->padding()->size(), 50'000u);
  EXPECT_EQ((*reply)->padding()->Get(49'999), 'x');
  EXPECT_TRUE(await([&] { return chunks_in_use(host) == 0; }));
}

TEST_F(Calls, a_route_that_wants_chunks_gets_one_for_every_payload) {
  auto configuration = with({actor()});
  route(configuration, "actor/act").payload = PayloadPlace::Chunk;
  Host host = start(std::move(configuration));
  auto client = host.client<actor::Client>().value();
  const Frozen frozen{host, "actor"};

  EXPECT_EQ(client.act(order({.number = 1}), {.deadline = 1ms}).error().code, ErrorCode::DeadlineExceeded);

  EXPECT_EQ(snapshot_of(host, "actor").held_chunks, 1u);
}

TEST_F(Calls, many_threads_get_each_their_own_answers) {
  Host host = start({actor()});
  auto client = host.client<actor::Client>().value();
  constexpr std::size_t kThreads = 8;
  const std::size_t calls = scaled(5'000);
  std::atomic<std::size_t> wrong = 0;

  {
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([&, thread] {
        for (std::size_t i = 0; i < calls; ++i) {
          const std::uint64_t number = thread << 32 | i;
          const auto reply = client.act(order({.number = number, .bytes = i % 3 == 0 ? 1000u : 0u}), {.deadline = 30s});
          if (!reply || (*reply)->number() != number) ++wrong;
        }
      });
  }

  EXPECT_EQ(wrong, 0u);
  const auto seen = snapshot_of(host, "actor");
  EXPECT_EQ(seen.sent, kThreads * calls);
  EXPECT_TRUE(await([&] { return snapshot_of(host, "actor").done == seen.sent; }));
  EXPECT_EQ(host.snapshot().in_flight, 0u);
}

TEST_F(Calls, a_handler_that_calls_another_plugin_has_its_answer) {
  Host host = start({actor(), partner()});
  auto client = host.client<actor::Client>().value();

  for (const std::uint32_t bytes : {0u, 10'000u}) {
    const auto reply = client.act(order({.deed = Deed::Ask, .number = 5, .text = "asked", .bytes = bytes}));

    ASSERT_TRUE(reply) << to_string(reply.error());
    EXPECT_EQ((*reply)->number(), 5u);
    EXPECT_EQ((*reply)->text()->str(), "asked");
    EXPECT_EQ((*reply)->padding()->size(), bytes);
  }
  EXPECT_TRUE(await([&] { return chunks_in_use(host) == 0; }));
}

TEST_F(Calls, a_nested_call_has_no_more_time_than_the_outer_one) {
  Host host = start({actor(), partner()});
  auto client = host.client<actor::Client>().value();
  const auto left = [&](std::chrono::nanoseconds outer, std::chrono::nanoseconds asked) {
    const auto reply =
        client.act(order({.deed = Deed::Ask, .then = Deed::Remaining, .patience = asked}), {.deadline = outer});
    return std::chrono::nanoseconds{reply.value()->number()};
  };

  EXPECT_LE(left(20s, 0s), 20s);
  EXPECT_GT(left(2000s, 0s), 1000s) << "the outer deadline goes along";
  EXPECT_LE(left(20s, 3600s), 20s) << "asking for more does not help";
  EXPECT_LE(left(2000s, 20s), 20s) << "asking for less does";
}

TEST_F(Calls, a_deadline_without_end_is_never_reached) {
  Host host = start({actor(), partner()});
  auto client = host.client<actor::Client>().value();
  constexpr auto kWithoutEnd = std::chrono::nanoseconds::max();

  const auto reply = client.act(order({.number = 1}), {.deadline = kWithoutEnd});
  const auto nested = client.act(order({.deed = Deed::Ask, .then = Deed::Remaining, .patience = kWithoutEnd}),
                                 {.deadline = kWithoutEnd});

  EXPECT_TRUE(reply) << to_string(reply.error());
  ASSERT_TRUE(nested) << to_string(nested.error());
  EXPECT_GT(std::chrono::nanoseconds{(*nested)->number()}, 24h * 365);
}

TEST_F(Calls, a_nested_call_past_the_outer_deadline_is_cancelled_down_to_the_last_handler) {
  Host host = start({actor(), partner()});
  auto client = host.client<actor::Client>().value();

  const auto reply = client.act(order({.deed = Deed::Ask, .then = Deed::UntilCancelled}), {.deadline = 30ms});

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_TRUE(client.act(order({.deed = Deed::Ask, .number = 1}), {.deadline = 30s})) << "both serve again";
}

TEST_F(Calls, a_nested_error_arrives_with_its_code_and_its_words) {
  Host host = start({actor(), partner()});
  auto client = host.client<actor::Client>().value();

  const auto reply = client.act(order({.deed = Deed::Ask, .number = 31, .then = Deed::Fail}));

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::BadInput);
  EXPECT_THAT(reply.error().message, AllOf(HasSubstr("actor/act"), HasSubstr("31 was told to fail")));
}

TEST_F(Calls, two_plugins_that_call_each_other_end_at_their_deadline_and_serve_on) {
  Host host = start({actor(), partner()});
  auto client = host.client<actor::Client>().value();

  // The actor waits for the partner, which waits for the actor, which runs no other handler meanwhile.
  const auto reply = client.act(order({.deed = Deed::Ask, .then = Deed::Ask}), {.deadline = 50ms});

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_TRUE(client.act(order({.deed = Deed::Ask, .number = 1}), {.deadline = 30s}));
}

TEST_F(Calls, a_builder_that_throws_gives_its_loan_back) {
  auto configuration = with({actor()});
  route(configuration, "actor/act").payload = PayloadPlace::Chunk;
  Host host = start(std::move(configuration));
  auto client = host.client<actor::Client>().value();
  const auto throwing = [](flatbuffers::FlatBufferBuilder& build) -> flatbuffers::Offset<stage::Order> {
    static_cast<void>(build.CreateString(std::string(2000, 't')));
    throw std::runtime_error("changed my mind");
  };

  for (int i = 0; i < 1000; ++i) EXPECT_THROW(static_cast<void>(client.act(throwing)), std::runtime_error);

  EXPECT_EQ(chunks_in_use(host), 0u);
  EXPECT_EQ(host.snapshot().in_flight, 0u);
  EXPECT_TRUE(client.act(order({.text = "after"})));
}

TEST_F(Calls, one_reply_that_is_held_costs_the_next_hundred_thousand_nothing) {
  Host host = start({trusted(actor())});
  auto client = host.client<actor::Client>().value();
  const auto held = client.act(order({.number = 1, .text = "held", .bytes = 20'000}));
  ASSERT_TRUE(held);

  std::size_t failed = 0;
  for (std::size_t i = 0; i < scaled(100'000); ++i)
    if (const auto reply = client.act(order({.number = i, .bytes = i % 2 == 0 ? 20'000u : 0u}), {.deadline = 30s});
        !reply || (*reply)->number() != i)
      ++failed;

  EXPECT_EQ(failed, 0u);
  EXPECT_EQ((*held)->text()->str(), "held");
  EXPECT_EQ((*held)->padding()->Get(19'999), 'x');
}

TEST_F(Calls, a_reply_in_place_stays_readable_when_its_instance_is_killed) {
  Host host = start({trusted(actor())});
  auto client = host.client<actor::Client>().value();
  const auto held = client.act(order({.number = 1, .text = "held", .bytes = 20'000}));
  ASSERT_TRUE(held);

  send_signal(pid_of(host, "actor"), SIGKILL);
  await_event(host, HostEventKind::Ended, "actor");

  EXPECT_EQ((*held)->text()->str(), "held");
  EXPECT_EQ((*held)->padding()->Get(19'999), 'x');
  EXPECT_TRUE(client.act(order({.number = 2}), {.deadline = 30s})) << "the next instance serves";
  EXPECT_EQ((*held)->padding()->size(), 20'000u);
}

TEST_F(Calls, a_reply_stays_readable_when_the_host_is_gone) {
  std::optional<Host> host = start({trusted(actor())});
  auto client = host->client<actor::Client>().value();
  auto in_place = client.act(order({.number = 1, .text = "in place", .bytes = 20'000}));
  auto copied = client.act(order({.number = 2, .text = "copied"}));
  ASSERT_TRUE(in_place && copied);

  host.reset();

  EXPECT_EQ((*in_place)->text()->str(), "in place");
  EXPECT_EQ((*in_place)->padding()->Get(19'999), 'x');
  EXPECT_EQ((*copied)->text()->str(), "copied");
  std::jthread{[mine = std::move(*in_place)] { EXPECT_EQ(mine->number(), 1u); }};
}

TEST_F(Calls, a_handle_that_outlives_its_host_says_so) {
  std::optional<Host> host = start({actor()});
  auto client = host->client<actor::Client>().value();

  host.reset();

  const auto reply = client.act(order({.number = 1}));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::Stopped);
  EXPECT_THAT(reply.error().message, HasSubstr("actor/act"));
}

}  // namespace
}  // namespace shunt::test
