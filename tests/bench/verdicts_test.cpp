/// What is said of what the sandbox costs, for figures that are made up.
#include <flatbuffers/flexbuffers.h>
#include <flatbuffers/idl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sandbox_report.hpp>

namespace shunt::bench {
namespace {

using ::testing::HasSubstr;

const Origin kOrigin{.machine = "a processor, 2 cores", .governor = "none", .commit = "0123456789ab"};

BothCounts counts() {
  const Counts both{.host = {.instructions = 1010, .least = 1000, .most = 1100, .system_calls = 2},
                    .plugin = {.instructions = 536, .least = 530, .most = 600, .system_calls = 0}};
  return {both, both};
}

/// `ratio` in every pair, where pairs of none and none lie from 0.9 to 1.1, their median at 1.
RoundTrips trips(double ratio) {
  constexpr int kPairs = 31;
  RoundTrips result;
  for (int i = 0; i < kPairs; ++i) {
    result.bare_ns.push_back(300);
    result.full_ns.push_back(300 * ratio);
    result.ratios.push_back(ratio);
    result.same.push_back(0.9 + 0.2 * i / (kPairs - 1));
  }
  return result;
}

Starts starts(double added_ms) {
  return {.bare_ms = std::vector<double>(31, 3.5),
          .full_ms = std::vector<double>(31, 3.5 + added_ms),
          .added_ms = std::vector<double>(31, added_ms),
          .parts = {}};
}

/// A member of the first line of a report, which a strict parser reads.
bool is_true(const std::string& lines, const char* member) {
  flatbuffers::Parser parser;
  flexbuffers::Builder buffer;
  EXPECT_TRUE(parser.ParseFlexBuffer(lines.substr(0, lines.find('\n')).c_str(), nullptr, &buffer)) << lines;
  const auto value = flexbuffers::GetRoot(buffer.GetBuffer()).AsMap()[member];
  EXPECT_TRUE(value.IsBool()) << member;
  return value.AsBool();
}

TEST(Verdicts, one_instruction_or_system_call_more_on_either_side_is_not_equal) {
  const BothCounts same = counts();
  BothCounts host = counts();
  BothCounts plugin = counts();
  BothCounts calls = counts();
  ++host.full.host.instructions;
  ++plugin.bare.plugin.instructions;
  ++calls.full.plugin.system_calls;

  EXPECT_TRUE(equal(same));
  EXPECT_THAT(table_of(same, Wait::Spin), HasSubstr("equal: yes"));
  for (const BothCounts& other : {host, plugin, calls}) {
    EXPECT_FALSE(equal(other));
    EXPECT_THAT(table_of(other, Wait::Spin), HasSubstr("equal: NO"));
    EXPECT_EQ(is_true(json_of(other, Wait::Spin, kOrigin), "equal"), equal(other.bare.host, other.full.host))
        << "each side has a line of its own, the host's comes first";
  }
}

TEST(Verdicts, instructions_that_differ_only_at_the_extremes_are_equal) {
  BothCounts interrupted = counts();
  interrupted.full.host.most = 5000;

  EXPECT_TRUE(equal(interrupted));
}

TEST(Verdicts, a_ratio_beyond_what_none_does_to_itself_is_not_within) {
  const RoundTrips good = trips(1.01);
  const RoundTrips slower = trips(1.2);
  const RoundTrips faster = trips(0.8);

  EXPECT_TRUE(Verdict{good}.within);
  EXPECT_TRUE(is_true(json_of(good, Wait::Spin, kOrigin), "within"));
  EXPECT_THAT(table_of(good, Wait::Spin), HasSubstr("what pairs of none / none do: yes;"));
  for (const RoundTrips& bad : {slower, faster}) {
    EXPECT_FALSE(Verdict{bad}.within);
    EXPECT_FALSE(is_true(json_of(bad, Wait::Spin, kOrigin), "within"));
    EXPECT_THAT(table_of(bad, Wait::Spin), HasSubstr("what pairs of none / none do: NO;"));
  }
}

TEST(Verdicts, a_ratio_within_what_single_pairs_do_may_still_differ_from_their_median) {
  const RoundTrips alike = trips(1.0);
  const RoundTrips apart = trips(1.08);

  EXPECT_TRUE(Verdict{alike}.overlaps);
  EXPECT_TRUE(is_true(json_of(alike, Wait::Sleep, kOrigin), "overlaps"));
  EXPECT_THAT(table_of(alike, Wait::Sleep), HasSubstr("its interval overlaps none / none's: yes"));
  EXPECT_TRUE(Verdict{apart}.within);
  EXPECT_FALSE(Verdict{apart}.overlaps);
  EXPECT_FALSE(is_true(json_of(apart, Wait::Sleep, kOrigin), "overlaps"));
  EXPECT_THAT(table_of(apart, Wait::Sleep), HasSubstr("its interval overlaps none / none's: NO"));
}

TEST(Verdicts, a_start_may_take_eight_milliseconds_more_and_not_nine) {
  EXPECT_TRUE(starts_soon_enough(starts(8)));
  EXPECT_TRUE(is_true(json_of(starts(8), kOrigin), "within"));
  EXPECT_THAT(table_of(starts(8)), HasSubstr("at most 8: yes"));
  EXPECT_FALSE(starts_soon_enough(starts(9)));
  EXPECT_FALSE(is_true(json_of(starts(9), kOrigin), "within"));
  EXPECT_THAT(table_of(starts(9)), HasSubstr("at most 8: NO"));
}

}  // namespace
}  // namespace shunt::bench
