// Requests and publications: what reaches the handlers, what they answer, and what they get wrong.
#include "probe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

class RunnerMessages : public ProbeTest, public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(started_) << said(started_); }
};

TEST_F(RunnerMessages, a_request_is_answered_and_the_reply_outlives_the_plugin) {
  std::optional<Sent<probe::Response>> reply;
  {
    ProbeRunner probe(probe_plugin(), with());
    ASSERT_TRUE(probe.start());
    reply = *probe.call<"large">(question(1000));
  }

  EXPECT_EQ((*reply)->number(), 1000);
  EXPECT_EQ((*reply)->numbers()->Get(999), 999u);
  EXPECT_TRUE(reply->in_chunk());
  EXPECT_FALSE(probe_.call<"echo">(question(1))->in_chunk());
  EXPECT_EQ(probe_.chunks_held(), 0u);
}

TEST_F(RunnerMessages, nothing_is_served_before_activate_or_after_cleanup) {
  ProbeRunner probe(probe_plugin(), with());
  const std::string refusal = "NotServing: probe does not serve: init, validate and activate come first";

  EXPECT_EQ(said(probe.call<"echo">(question(1))), refusal);
  ASSERT_TRUE(probe.start());
  probe.cleanup();
  EXPECT_EQ(said(probe.deliver<"probe.questions">(question(1))), refusal);
}

TEST_F(RunnerMessages, bytes_that_are_not_of_the_declared_type_never_reach_the_handler) {
  const std::vector<std::uint8_t> garbage{0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4};

  EXPECT_THAT(said(probe_.call<"echo">(garbage)),
              testing::StartsWith("BadPayload: probe/echo: 8 bytes that are not a probe.Question ("));
  EXPECT_THAT(said(probe_.deliver<"probe.questions">(garbage)),
              testing::StartsWith("BadPayload: probe.questions: 8 bytes that are not a probe.Question ("));
}

TEST_F(RunnerMessages, what_a_handler_gets_wrong_is_what_its_caller_hears) {
  EXPECT_EQ(said(probe_.call<"silent">(question(1))),
            "PluginFailed: probe/silent returned success without a reply; call reply.send() or return an error");
  EXPECT_EQ(said(probe_.call<"refuses">(question(1))), "NotServing: closed on Sundays");
  EXPECT_EQ(said(probe_.call<"throws">(question(1))), "PluginFailed: probe/throws threw: no such bar");
  EXPECT_EQ(said(probe_.call<"throws">(question(-1))),
            "PluginFailed: probe/throws threw: something that is not a std::exception");
  EXPECT_EQ(said(probe_.call<"throws-late">(question(1000))), "PluginFailed: probe/throws-late threw: half built");
  EXPECT_EQ(said(probe_.deliver<"probe.questions">(question(13))), "PluginFailed: probe.questions threw: thirteen");
  EXPECT_EQ(probe_.chunks_held(), 0u);
}

TEST_F(RunnerMessages, a_second_reply_is_logged_and_the_caller_gets_the_first) {
  const auto reply = probe_.call<"twice">(question(5));

  ASSERT_TRUE(reply);
  EXPECT_EQ((*reply)->number(), 5);
  ASSERT_EQ(probe_.log().size(), 1u);
  EXPECT_EQ(probe_.log()[0].level, kit::LogLevel::Error);
  EXPECT_EQ(probe_.log()[0].text,
            "probe/twice replied and then returned PluginFailed: probe/twice replied twice to one request");
}

TEST_F(RunnerMessages, a_last_will_is_what_the_plugin_wrote_after_validate) {
  ProbeRunner probe(probe_plugin(), with({{"window", 33}}));
  ASSERT_TRUE(probe.init());
  EXPECT_FALSE(probe.last_will<"probe.responses">());

  ASSERT_TRUE(probe.validate());

  const auto will = probe.last_will<"probe.responses">();
  ASSERT_TRUE(will);
  EXPECT_EQ((*will)->number(), 33);
  EXPECT_EQ(will->key(), Key{7});
  EXPECT_TRUE(probe.published<"probe.responses">().empty()) << "that is the host's to do";
}

TEST_F(RunnerMessages, a_last_will_that_is_not_written_or_too_large_ends_the_start) {
  ProbeRunner intestate(probe_plugin(), Settings({{"account", "intestate"}}));
  ProbeRunner garrulous(probe_plugin(), Settings({{"account", "garrulous"}}));

  EXPECT_THAT(said(intestate.start()),
              testing::StartsWith("PluginFailed: probe: flat() returned without a last will for \"probe.responses\""));
  EXPECT_THAT(said(garrulous.start()),
              testing::StartsWith("TooLarge: probe: the last will for \"probe.responses\" has 80"));
}

TEST_F(RunnerMessages, publications_have_the_key_and_the_urgency_that_the_plugin_gave_them) {
  ASSERT_TRUE(probe_.deliver<"probe.questions">(question(3)));
  ASSERT_TRUE(probe_.deliver<"probe.questions">(question(4), {.latched = true}));

  const auto published = probe_.published<"probe.responses">();

  ASSERT_EQ(published.size(), 2u);
  EXPECT_EQ(published[0].key(), Key{3});
  EXPECT_FALSE(published[0].urgent());
  EXPECT_EQ(published[1].key(), Key{4});
  EXPECT_TRUE(published[1].urgent()) << "as the probe asks for when what it hears is latched";
}

TEST_F(RunnerMessages, publications_are_kept_in_order_until_they_are_forgotten) {
  for (const int number : {3, 7}) ASSERT_TRUE(probe_.deliver<"probe.questions">(question(number)));

  const auto published = probe_.published<"probe.responses">();
  probe_.forget();

  ASSERT_EQ(published.size(), 2u);
  EXPECT_EQ(published[0]->number(), 6);
  EXPECT_FALSE(published[0].in_chunk());
  EXPECT_EQ(published[1]->number(), 14);
  EXPECT_TRUE(published[1].in_chunk()) << "as the probe asks for";
  EXPECT_TRUE(probe_.published<"probe.responses">().empty());
}

TEST_F(RunnerMessages, a_used_up_pool_and_a_payload_beyond_it_are_refused_in_the_launchers_words) {
  ProbeRunner small(probe_plugin(), with(), {.outbound = {{256, 1}, {1024, 0}}});
  ASSERT_TRUE(small.start());

  EXPECT_THAT(said(small.call<"large">(question(100))),
              testing::MatchesRegex("QuotaExceeded: no chunk for [0-9]+ bytes is left: give samples back, or raise "
                                    "`outbound` in the host's configuration"));
  EXPECT_THAT(said(small.call<"large">(question(1000))),
              testing::MatchesRegex("TooLarge: [0-9]+ bytes fit no size class of this plugin's pool, the largest is "
                                    "1024: add one to `outbound` in the host's configuration"));
  EXPECT_EQ(said(small.call<"echo">(question(1))), "success");
}

TEST_F(RunnerMessages, a_full_ring_refuses_what_the_plugin_publishes_until_there_is_room) {
  probe_.fill_ring();
  EXPECT_THAT(said(probe_.deliver<"probe.questions">(question(1))),
              testing::StartsWith("RingFull: the ring to the host stayed "));

  probe_.fill_ring(false);
  EXPECT_EQ(said(probe_.deliver<"probe.questions">(question(1))), "success");
  EXPECT_EQ(probe_.published<"probe.responses">().size(), 1u);
}

}  // namespace
}  // namespace shunt::test
