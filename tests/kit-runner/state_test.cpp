/// State that a test takes from a plugin and gives to it.
#include "../host/ledger/ledger.cpp"  // NOLINT(bugprone-suspicious-include): the plugin, as it is

#include <shunt/test.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;

const auto kAsk = [](auto& build) { return ledgers::CreateAsk(build); };

auto entry(std::int64_t amount) {
  return [amount](auto& build) { return ledgers::CreateEntry(build, amount); };
}

TEST(RunnerState, goes_from_one_instance_to_another) {
  Runner<Ledger> older, newer;
  ASSERT_TRUE(older.start());
  ASSERT_TRUE(newer.start());
  ASSERT_TRUE(older.deliver<"ledger.entries">(entry(5)));

  const auto state = older.snapshot<ledgers::State1>();

  ASSERT_TRUE(state) << to_string(state.error());
  EXPECT_EQ((*state)->amount(), 5);
  ASSERT_TRUE(newer.restore<ledgers::State1>(state->bytes()));
  EXPECT_EQ((*newer.call<"sum">(kAsk))->amount(), 5);
}

TEST(RunnerState, is_the_tests_own_where_it_builds_one) {
  Runner<Ledger> ledger;
  ASSERT_TRUE(ledger.start());

  ASSERT_TRUE(ledger.restore<ledgers::State2>([](auto& build) { return ledgers::CreateState2(build, 3, 42, 1); }));

  EXPECT_EQ((*ledger.call<"sum">(kAsk))->amount(), 42);
  EXPECT_EQ((*ledger.call<"sum">(kAsk))->entries(), 3u);
}

TEST(RunnerState, leaves_a_plugin_that_stands_still_until_it_goes_on) {
  Runner<Ledger> ledger;
  ASSERT_TRUE(ledger.start());
  EXPECT_EQ(ledger.thaw().error().code, ErrorCode::BadInput);
  ASSERT_TRUE(ledger.snapshot<ledgers::State2>());

  EXPECT_EQ(ledger.call<"sum">(kAsk).error().code, ErrorCode::NotServing);
  EXPECT_EQ(ledger.snapshot<ledgers::State2>().error().code, ErrorCode::BadInput);
  ASSERT_TRUE(ledger.thaw());

  EXPECT_TRUE(ledger.call<"sum">(kAsk));
}

TEST(RunnerState, fails_as_the_plugin_does) {
  for (const std::string trouble : {"fail", "throw"}) {
    Runner<Ledger> ledger({.trouble = "snapshot " + trouble});
    ASSERT_TRUE(ledger.start());
    EXPECT_EQ(ledger.snapshot<ledgers::State1>().error().code, ErrorCode::PluginFailed);
    EXPECT_TRUE(ledger.thaw());
  }
  Runner<Ledger> nothing({.trouble = "snapshot nothing"});
  ASSERT_TRUE(nothing.start());
  EXPECT_THAT(nothing.snapshot<ledgers::State1>().error().message, HasSubstr("call write()"));
  Runner<Ledger> twice({.trouble = "snapshot twice"});
  ASSERT_TRUE(twice.start());
  EXPECT_EQ(twice.snapshot<ledgers::State1>().error().code, ErrorCode::BadInput);
}

TEST(RunnerState, of_bytes_that_are_none_is_refused) {
  Runner<Ledger> ledger;
  ASSERT_TRUE(ledger.start());
  const std::vector<std::uint8_t> bytes(64, 0xff);

  const auto restored = ledger.restore<ledgers::State1>(bytes);

  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, ErrorCode::BadPayload);
  EXPECT_THAT(restored.error().message, HasSubstr("64 bytes that are not its state 1"));
}

TEST(RunnerState, of_which_each_version_is_drilled) {
  EXPECT_TRUE(Runner<Ledger>::drill());
  const auto unwritten = Runner<Ledger>::drill({.trouble = "snapshot fail"});
  ASSERT_FALSE(unwritten);
  EXPECT_THAT(unwritten.error().message, HasSubstr("did not write down state 1 in the drill"));
  const auto untaken = Runner<Ledger>::drill({.trouble = "restore throw"});
  ASSERT_FALSE(untaken);
  EXPECT_THAT(untaken.error().message, HasSubstr("did not take state 1, which it had written down"));
}

}  // namespace
}  // namespace shunt::test
