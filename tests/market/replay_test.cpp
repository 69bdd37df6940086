/// The replay: nothing is lost, both versions serve, and the result is the one that was computed elsewhere.
#include "market_demo.hpp"
#include "terminal.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <scale.hpp>

namespace shunt::test {
namespace {

using ::testing::HasSubstr;

/// What the series in examples/market/data is worth after so many messages. Computed outside this project, twice, by
/// two small scripts that share nothing with it or with each other but the rules in expected.hpp: one in Python, over
/// exact decimals, which multiplies what a day is worth by how often it comes; one in awk, over the digits of the
/// file, which walks all messages. Both printed these numbers.
struct Pinned {
  std::size_t messages;
  std::int64_t position;
  std::int64_t cash_cents;
  std::int64_t turnover_cents;
};
constexpr Pinned kFull{1'000'000, 216'744, -47'072'382'940, 785'043'910'660};
/// A sanitized plugin takes so much longer to start than a bar does on its way that ten switches outlast a tenth of the
/// stream, and the last of them would find nothing in flight.
#ifdef SHUNT_SANITIZED
constexpr Pinned kPart{300'000, 64'906, -14'080'382'326, 235'606'810'324};
#else
constexpr Pinned kPart{100'000, 21'201, -4'607'843'499, 78'639'278'443};
#endif

class Replay : public MarketTest {
 protected:
  static void expect_result(const Json& json, const Pinned& pinned) {
    EXPECT_EQ(json["position"].AsInt64(), pinned.position);
    EXPECT_EQ(json["cash_cents"].AsInt64(), pinned.cash_cents);
    EXPECT_EQ(json["turnover_cents"].AsInt64(), pinned.turnover_cents);
  }

  static void expect_nothing_lost(const Json& json) {
    for (const char* key : {"lost", "duplicated", "reordered", "unknown"}) {
      EXPECT_TRUE(json.has(key)) << key;
      EXPECT_EQ(json[key].AsInt64(), 0) << key;
    }
  }
};

TEST_F(Replay, of_the_whole_stream_loses_nothing_while_versions_take_turns_and_ends_as_computed_elsewhere) {
  const Pinned& pinned = full_size() ? kFull : kPart;
  const auto switches = scaled(100);

  const Ran ran =
      run({"--json", "--messages", std::to_string(pinned.messages), "--switches", std::to_string(switches)});

  ASSERT_EQ(ran.exit_code, 0) << ran.output << ran.errors;
  const Json json{ran.output};
  EXPECT_EQ(json["messages"].AsUInt64(), pinned.messages);
  expect_nothing_lost(json);
  EXPECT_EQ(json["switches"].AsUInt64(), switches);
  EXPECT_GT(json["in_flight_min"].AsInt64(), 0) << "an exchange found nothing in flight";
  for (const char* version : {"1.4.0", "1.5.0"})
    EXPECT_GE(json["by_version"].AsMap()[version].AsUInt64(), pinned.messages / 10) << version;
  EXPECT_TRUE(json["result_matches"].AsBool());
  expect_result(json, pinned);
  EXPECT_GT(json["p50_ns"].AsInt64(), 0);
  EXPECT_GE(json["p99_ns"].AsInt64(), json["p50_ns"].AsInt64());
  EXPECT_EQ(json["mode"].AsString().str(), "copy");
}

TEST_F(Replay, of_a_series_worked_out_by_hand_ends_as_that) {
  // A rise of 1 % buys 10 lots at 101.00; a fall of 0.2 % sells 2 at 99.80; a move of 0.04 % is none.
  const auto series = folder_.write("series.csv",
                                    "date,open,high,low,close,adjclose,volume\n"
                                    "2000-01-03,100.00,102.00,99.00,101.00,101.00,1\n"
                                    "2000-01-04,100.00,102.00,99.00,99.80,99.80,1\n"
                                    "2000-01-05,100.00,102.00,99.00,100.04,100.04,1\n");

  const Ran ran = run({"--json", "--messages", "6", "--switches", "0", "--data", series});

  EXPECT_EQ(ran.exit_code, 0) << ran.errors;
  const Json json{ran.output};
  expect_nothing_lost(json);
  expect_result(json, {6, 2 * (10 - 2), -2 * (10 * 101'00 - 2 * 99'80), 2 * (10 * 101'00 + 2 * 99'80)});
}

TEST_F(Replay, of_a_series_with_one_other_price_ends_elsewhere) {
  const Pinned first_day{1, -9, 1'309'698, 1'309'698};  // as pinned above for one message
  const auto series = folder_.write("series.csv",
                                    "date,open,high,low,close,adjclose,volume\n"
                                    "2000-01-03,1469.250000,1478.000000,1438.359985,1455.229971,1455.219971,1\n");

  const Json as_it_is{run({"--json", "--messages", "1", "--switches", "0"}).output};
  const Json changed{run({"--json", "--messages", "1", "--switches", "0", "--data", series}).output};

  expect_result(as_it_is, first_day);
  EXPECT_EQ(changed["cash_cents"].AsInt64(), first_day.cash_cents + 9) << "one cent for each of nine lots";
}

TEST_F(Replay, through_a_plugin_that_keeps_to_other_rules_does_not_match_and_fails) {
  const auto other =
      configuration("libmomentum-1.4.0.so\"\n", "libmomentum-1.4.0.so\"\nconfig = { threshold = 2000 }\n");

  const Ran ran = run({"--json", "--messages", "2000", "--switches", "0", "--config", other});

  EXPECT_EQ(ran.exit_code, 1);
  const Json json{ran.output};
  expect_nothing_lost(json);
  EXPECT_FALSE(json["result_matches"].AsBool());
}

TEST_F(Replay, whose_messages_one_version_takes_for_none_does_not_match_although_the_other_is_right) {
  const auto other =
      configuration("libmomentum-1.5.0.so\"\n", "libmomentum-1.5.0.so\"\nconfig = { threshold = 1000000 }\n");

  const Ran ran = run({"--json", "--messages", "20000", "--switches", "1", "--config", other});

  EXPECT_EQ(ran.exit_code, 1);
  const Json json{ran.output};
  EXPECT_EQ(json["switches"].AsInt64(), 1);
  EXPECT_FALSE(json["result_matches"].AsBool());
}

TEST_F(Replay, shows_whole_lines_of_progress_where_stderr_is_no_terminal) {
  const Ran ran = run({"--messages", "1000", "--switches", "0"});

  EXPECT_EQ(ran.exit_code, 0) << ran.errors;
  EXPECT_THAT(ran.errors, HasSubstr(" 50 %  500 fills, 0 switches\n"));
  EXPECT_THAT(ran.errors, HasSubstr("100 %  1000 fills, 0 switches\n"));
  EXPECT_EQ(std::ranges::count(ran.errors, '\n'), 10);
  EXPECT_EQ(ran.errors.find('\r'), std::string::npos);
  EXPECT_THAT(ran.output, HasSubstr("as computed without plugins"));
}

TEST_F(Replay, draws_a_bar_that_fills_up_on_a_terminal) {
  Terminal terminal;
  ASSERT_GE(terminal.end(), 0);

  const pid_t demo = begin({"--messages", "1000", "--switches", "0"}, terminal.end());
  terminal.close_end();
  const std::string shown = terminal.all();
  const Ran ran = end(demo);

  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(shown, HasSubstr("\r[" + std::string(40, '.') + "]   0 %"));
  EXPECT_THAT(shown, HasSubstr("\r[" + std::string(20, '#') + std::string(20, '.') + "]  50 %"));
  EXPECT_THAT(shown, HasSubstr("\r[" + std::string(40, '#') + "] 100 %  1000 fills, 0 switches"));
  EXPECT_EQ(std::ranges::count(shown, '\n'), 1) << "it moves within one line";
}

}  // namespace
}  // namespace shunt::test
