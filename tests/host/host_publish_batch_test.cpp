/// Publications that go out together: in order, all of them or the first ones, and what came of each.
#include "legacy.hpp"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::ElementsAreArray;

class PublishBatch : public HostTest {
 protected:
  static Result<BatchDelivery> publish_many(Host& host, std::uint64_t from, std::size_t count,
                                            const BatchOptions& options = {}, std::uint32_t bytes = 0) {
    SHUNT_TRY(quotes, host.publisher<stage::News>("stage.quotes"));
    return quotes.publish_batch(
        count,
        [&](std::size_t i, flatbuffers::FlatBufferBuilder& build) {
          std::uint8_t* data = nullptr;
          const auto padding = build.CreateUninitializedVector(bytes, &data);
          if (bytes > 0) std::memset(data, 'x', bytes);
          return stage::CreateNews(build, from + i, 0, padding);
        },
        options);
  }
  static HostConfiguration with_backlog(SlowConsumer policy, std::uint32_t backlog) {
    auto configuration = with({scribe()});
    route(configuration, "stage.quotes").slow_consumer = policy;
    route(configuration, "stage.quotes").backlog = backlog;
    return configuration;
  }
  static bool all_chunks_are_back(Host& host) {
    return poll_until(host, [&] { return chunks_in_use(host) == 0; });
  }
};

TEST_F(PublishBatch, arrives_whole_and_in_order_small_and_large) {
  for (const std::uint32_t bytes : {0u, 1000u}) {
    Host host = start(with_backlog(SlowConsumer::Refuse, 1000));

    const auto sent = publish_many(host, 0, 50, {}, bytes);

    ASSERT_TRUE(sent) << to_string(sent.error());
    EXPECT_EQ(sent->published, 50u);
    EXPECT_EQ(sent->delivered + sent->waiting, 50u);
    EXPECT_FALSE(sent->rest);
    EXPECT_THAT(recall(host, 50), ElementsAreArray(numbers(0, 50)));
    EXPECT_TRUE(all_chunks_are_back(host));
  }
}

TEST_F(PublishBatch, says_how_many_of_it_a_receiver_took_that_refuses_more) {
  for (const std::uint32_t bytes : {0u, 1000u}) {
    Host host = start(with_backlog(SlowConsumer::Refuse, 10));
    {
      const Frozen frozen{host, "scribe"};

      const auto sent = publish_many(host, 0, 100, {}, bytes);

      ASSERT_TRUE(sent) << to_string(sent.error());
      EXPECT_EQ(sent->published, kScribeRing + 10u);
      EXPECT_EQ(sent->delivered, kScribeRing);
      EXPECT_EQ(sent->waiting, 10u);
      ASSERT_TRUE(sent->rest);
      EXPECT_EQ(sent->rest->code, ErrorCode::RingFull);
      EXPECT_EQ(publish_many(host, 900, 5, {}, bytes).error().code, ErrorCode::RingFull) << "not even the first";
    }
    EXPECT_THAT(recall(host, kScribeRing + 10), ElementsAreArray(numbers(0, kScribeRing + 10)));
    EXPECT_TRUE(all_chunks_are_back(host));
  }
}

TEST_F(PublishBatch, follows_the_policy_of_the_topic_where_that_drops) {
  Host host = start(with_backlog(SlowConsumer::DropNewest, 4));
  {
    const Frozen frozen{host, "scribe"};

    const auto sent = publish_many(host, 0, 40);

    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->published, 40u);
    EXPECT_EQ(sent->delivered, kScribeRing);
    EXPECT_EQ(sent->waiting, 4u);
    EXPECT_EQ(sent->dropped, 40u - kScribeRing - 4u);
  }
  EXPECT_THAT(recall(host, kScribeRing + 4), ElementsAreArray(numbers(0, kScribeRing + 4)));
}

TEST_F(PublishBatch, has_a_key_for_each_message) {
  auto configuration = with_backlog(SlowConsumer::Conflate, 8);
  Host host = start(std::move(configuration));
  const std::vector<Key> keys{Key{1}, Key{2}, Key{1}, Key{2}};
  {
    const Frozen frozen{host, "scribe"};
    ASSERT_TRUE(publish_many(host, 100, kScribeRing));

    const auto sent = publish_many(host, 0, 4, {.keys = keys});

    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->conflated, 2u);
    EXPECT_EQ(publish_many(host, 0, 3, {.keys = keys}).error().code, ErrorCode::BadInput);
  }
  const auto heard = recall(host, kScribeRing + 2);
  EXPECT_THAT(Numbers(heard.end() - 2, heard.end()), ElementsAreArray({2u, 3u}));
}

TEST_F(PublishBatch, is_kept_by_a_topic_that_keeps_its_last) {
  auto configuration = with({scribe()});
  route(configuration, "stage.quotes").latched = 3;
  Host host = start(std::move(configuration));
  ASSERT_TRUE(publish_many(host, 0, 20));
  ASSERT_EQ(recall(host, 20).size(), 20u);

  send_signal(pid_of(host, "scribe"), SIGKILL);
  await_event(host, HostEventKind::Ended, "scribe");

  EXPECT_THAT(recall(host, 3), ElementsAreArray({17 + kLatched, 18 + kLatched, 19 + kLatched}));
}

TEST_F(PublishBatch, overtakes_when_it_is_urgent) {
  Host host = start(with_backlog(SlowConsumer::Refuse, 10));
  {
    const Frozen frozen{host, "scribe"};
    ASSERT_TRUE(publish_many(host, 0, 5));
    ASSERT_TRUE(publish_many(host, 500, 3, {.urgent = true}));
  }
  EXPECT_THAT(recall(host, 8), ElementsAreArray({500, 501, 502, 0, 1, 2, 3, 4}));
}

TEST_F(PublishBatch, whose_builder_throws_gives_back_what_was_built_of_its_part) {
  Host host = start(with_backlog(SlowConsumer::Refuse, 100));
  auto quotes = host.publisher<stage::News>("stage.quotes").value();

  EXPECT_THROW(static_cast<void>(quotes.publish_batch(20,
                                                      [&](std::size_t i, flatbuffers::FlatBufferBuilder& build) {
                                                        if (i == 18) throw std::runtime_error("on purpose");
                                                        std::uint8_t* data = nullptr;
                                                        const auto padding =
                                                            build.CreateUninitializedVector(1000, &data);
                                                        std::memset(data, 'x', 1000);
                                                        return stage::CreateNews(build, i, 0, padding);
                                                      })),
               std::runtime_error);

  EXPECT_THAT(recall(host, 16), ElementsAreArray(numbers(0, 16))) << "what went out before";
  EXPECT_TRUE(all_chunks_are_back(host));
}

TEST_F(PublishBatch, that_is_empty_publishes_nothing) {
  Host host = start(with_backlog(SlowConsumer::Refuse, 100));

  const auto sent = publish_many(host, 0, 0);

  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->published, 0u);
}

TEST_F(PublishBatch, of_several_threads_keeps_the_order_of_each_and_loses_nothing) {
  constexpr std::uint64_t kEach = 300;
  Host host = start(with_backlog(SlowConsumer::Refuse, 100));
  std::vector<std::jthread> threads;
  for (std::uint64_t thread = 0; thread < 3; ++thread)
    threads.emplace_back([&host, thread] {
      for (std::uint64_t next = 0; next < kEach;) {
        const auto sent = publish_many(host, thread * 1000 + next, std::min<std::uint64_t>(kEach - next, 30));
        if (sent) next += sent->published;
        else std::this_thread::yield();
      }
    });
  threads.clear();
  const auto heard = recall(host, 3 * kEach);

  for (std::uint64_t thread = 0; thread < 3; ++thread) {
    Numbers of_thread;
    for (const auto number : heard)
      if (number / 1000 == thread) of_thread.push_back(number);
    EXPECT_THAT(of_thread, ElementsAreArray(numbers(thread * 1000, kEach)));
  }
}

}  // namespace
}  // namespace shunt::test
