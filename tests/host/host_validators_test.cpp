/// Semantic validators, of the host and of plugins: what they refuse nobody sees, and who sent it hears why.
#include "cast.hpp"
#include "tail_client.hpp"

#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HostValidators : public HostTest {
 protected:
  static HostConfiguration configuration(std::int64_t tail_refuses = 0) {
    auto tail = plugin("libhost_tail.so");
    tail.config["refuse"] = {tail_refuses};
    tail.health_period = 10ms;
    auto configuration = with({actor(), tail, plugin("libhost_pacer.so")});
    for (const char* name : {"tail/act", "tail.news", "pacer.news"}) route(configuration, name).wait = bus::Wait::Sleep;
    return configuration;
  }

  static Status unlucky(std::uint64_t number) {
    if (number == 13) return error(ErrorCode::BadInput, "{} is unlucky", number);
    if (number == 666) throw std::runtime_error("thrown on purpose");
    return {};
  }
  static ValidatorSnapshot of(const std::vector<ValidatorSnapshot>& all, std::string_view type) {
    const auto found = std::ranges::find(all, type, &ValidatorSnapshot::type);
    return found == all.end() ? ValidatorSnapshot{} : *found;
  }
};

TEST_F(HostValidators, a_reply_that_the_hosts_validator_refuses_is_an_error_with_its_text) {
  Host host = start(configuration());
  ASSERT_TRUE(
      host.register_validator<stage::Outcome>([](const stage::Outcome& each) { return unlucky(each.number()); }));
  auto client = host.client<actor::Client>().value();

  const auto good = client.act(order({.number = 12}), {.deadline = 30s});
  const auto refused = client.act(order({.number = 13}), {.deadline = 30s});
  auto pending = client.act_async(order({.number = 13}), {.deadline = 30s}).value();
  const auto refused_later = pending.get();

  EXPECT_TRUE(good);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::ValidationFailed);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("actor/act"), HasSubstr("stage.Outcome"), HasSubstr("13 is unlucky")));
  EXPECT_EQ(refused_later.error().code, ErrorCode::ValidationFailed);
}

TEST_F(HostValidators, the_callback_of_a_call_gets_the_refusal) {
  Host host = start(configuration());
  ASSERT_TRUE(
      host.register_validator<stage::Outcome>([](const stage::Outcome& each) { return unlucky(each.number()); }));
  auto client = host.client<actor::Client>().value();
  std::optional<ErrorCode> code;

  const auto started = client.act_async(order({.number = 13}), {.deadline = 30s},
                                        [&](Result<Reply<stage::Outcome>> reply) { code = reply.error().code; });
  ASSERT_TRUE(started);

  ASSERT_TRUE(poll_until(host, [&] { return code.has_value(); }));
  EXPECT_EQ(code, ErrorCode::ValidationFailed);
}

TEST_F(HostValidators, a_publication_that_is_refused_is_dropped_and_counted) {
  Host host = start(configuration());
  std::vector<std::uint64_t> heard;
  const auto news =
      host.subscribe<stage::News>("actor.news", [&](Received<stage::News>& each) { heard.push_back(each->number()); });
  ASSERT_TRUE(news);
  ASSERT_TRUE(host.register_validator<stage::News>([](const stage::News& each) { return unlucky(each.number()); }))
      << "also once somebody listens";
  auto client = host.client<actor::Client>().value();

  ASSERT_TRUE(client.act(order({.deed = Deed::Publish, .number = 12, .count = 3}), {.deadline = 30s}));
  ASSERT_TRUE(poll_until(host, [&] { return heard.size() == 2; }));

  EXPECT_THAT(heard, ElementsAre(12, 14));
  EXPECT_EQ(news->dropped(), 1u);
}

TEST_F(HostValidators, one_that_throws_refuses) {
  Host host = start(configuration());
  ASSERT_TRUE(
      host.register_validator<stage::Outcome>([](const stage::Outcome& each) { return unlucky(each.number()); }));
  auto client = host.client<actor::Client>().value();

  const auto refused = client.act(order({.number = 666}), {.deadline = 30s});

  EXPECT_EQ(refused.error().code, ErrorCode::ValidationFailed);
  EXPECT_THAT(refused.error().message, HasSubstr("it threw: thrown on purpose"));
}

TEST_F(HostValidators, what_was_asked_and_refused_is_counted_by_type) {
  Host host = start(configuration());
  ASSERT_TRUE(
      host.register_validator<stage::Outcome>([](const stage::Outcome& each) { return unlucky(each.number()); }));
  auto client = host.client<actor::Client>().value();

  for (const std::uint64_t number : {1u, 13u, 2u})
    static_cast<void>(client.act(order({.number = number}), {.deadline = 30s}));

  const auto counts = of(host.snapshot().validators, "stage.Outcome");
  EXPECT_EQ(counts.checked, 3u);
  EXPECT_EQ(counts.refused, 1u);
}

TEST_F(HostValidators, a_type_has_one) {
  Host host = start(configuration());
  const auto accept = [](const stage::Outcome&) { return Status{}; };
  ASSERT_TRUE(host.register_validator<stage::Outcome>(accept));

  const auto second = host.register_validator<stage::Outcome>(accept);

  EXPECT_EQ(second.error().code, ErrorCode::BadInput);
  EXPECT_THAT(second.error().message, HasSubstr("stage.Outcome"));
}

TEST_F(HostValidators, a_request_that_the_plugins_validator_refuses_never_gets_to_its_handler) {
  Host host = start(configuration(13));
  std::size_t published = 0;
  const auto news = host.subscribe<stage::News>("tail.news", [&](Received<stage::News>&) { ++published; });
  auto client = host.client<tail::Client>().value();

  const auto refused = client.act(order({.number = 13}), {.deadline = 30s});
  const auto good = client.act(order({.number = 1}), {.deadline = 30s});
  ASSERT_TRUE(poll_until(host, [&] { return published >= 1; }));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::ValidationFailed);
  EXPECT_THAT(refused.error().message, AllOf(HasSubstr("tail 1.0.0"), HasSubstr("tail/act"), HasSubstr("stage.Order"),
                                             HasSubstr("the number is 13")));
  EXPECT_TRUE(good);
  EXPECT_EQ(published, 1u) << "its handler publishes each time";
}

TEST_F(HostValidators, a_publication_that_the_plugins_validator_refuses_is_dropped_there) {
  Host host = start(configuration(13));
  std::size_t published = 0;
  const auto news = host.subscribe<stage::News>("tail.news", [&](Received<stage::News>&) { ++published; });
  auto orders = host.publisher<stage::Order>("stage.orders").value();

  for (const std::uint64_t number : {13u, 1u}) ASSERT_TRUE(orders.publish(order({.number = number})));
  ASSERT_TRUE(poll_until(host, [&] { return published == 1; }));

  const auto counted = [&] {
    const auto counts = of(snapshot_of(host, "tail").says_validators, "stage.News");
    return counts.checked == 2 && counts.refused == 1;
  };
  EXPECT_TRUE(await(counted));
}

TEST_F(HostValidators, one_of_a_plugin_that_throws_refuses_and_harms_nobody) {
  Host host = start(configuration(-1));
  auto client = host.client<tail::Client>().value();

  const auto refused = client.act(order({}), {.deadline = 30s});

  EXPECT_EQ(refused.error().code, ErrorCode::ValidationFailed);
  EXPECT_THAT(refused.error().message, HasSubstr("thrown on purpose"));
  EXPECT_EQ(snapshot_of(host, "tail").state, "Active");
}

}  // namespace
}  // namespace shunt::test
