/// The program shunt-bench from the outside.

#include <set>
#include <sstream>
#include <string>

#include <flatbuffers/flexbuffers.h>
#include <flatbuffers/idl.h>
#include <gtest/gtest.h>
#include <run_command.hpp>

namespace shunt::bench {
namespace {

using test::Ran;

/// Its errors join its output where `arguments` say so.
Ran run(const std::string& arguments) { return test::run_command(SHUNT_BENCH_PROGRAM " " + arguments); }

TEST(Program, it_prints_one_json_object_a_line_and_nothing_else) {
  const Ran ran = run("roundtrip --against ring_padded,pipe --rounds 2 --messages 1000 --json");

  EXPECT_EQ(ran.exit_code, 0);
  std::istringstream lines{ran.output};
  std::set<std::string> subjects;
  for (std::string line; std::getline(lines, line);) {
    flatbuffers::Parser parser;
    flexbuffers::Builder buffer;
    ASSERT_TRUE(parser.ParseFlexBuffer(line.c_str(), nullptr, &buffer)) << line;
    const auto object = flexbuffers::GetRoot(buffer.GetBuffer()).AsMap();
    EXPECT_TRUE(subjects.insert(object["subject"].AsString().str()).second) << "twice: " << line;
  }
  const std::set<std::string> expected{"lane", "client", "publisher", "ring_padded", "pipe", "lane_again"};
  EXPECT_EQ(subjects, expected) << ran.output;
}

TEST(Program, a_wrong_word_number_or_name_exits_with_2_and_a_sentence) {
  for (const char* arguments : {"", "sideways", "roundtrip --wait forever", "roundtrip --bytes many",
                                "roundtrip --bytes 3", "stream --against carrier_pigeon", "fanout --subject ghost",
                                "switch --switches 0", "breaker --preset slow", "breaker --failing 50"}) {
    const Ran ran = run(std::string{arguments} + " 2>&1");

    EXPECT_EQ(ran.exit_code, 2) << arguments;
    EXPECT_FALSE(ran.output.empty()) << arguments;
  }
}

TEST(Program, switching_under_load_loses_doubles_and_reorders_nothing) {
  const Ran ran = run("switch --messages 20000 --switches 100 --json");

  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  for (const char* none : {"\"lost\": 0,", "\"duplicated\": 0,", "\"reordered\": 0,"})
    EXPECT_NE(ran.output.find(none), std::string::npos) << ran.output;
}

TEST(Program, calls_are_led_away_from_a_version_that_fails_and_each_has_its_outcome) {
  const Ran ran = run("breaker --rounds 1 --only-failures --json");

  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  flatbuffers::Parser parser;
  flexbuffers::Builder buffer;
  ASSERT_TRUE(parser.ParseFlexBuffer(ran.output.c_str(), nullptr, &buffer)) << ran.output;
  const auto object = flexbuffers::GetRoot(buffer.GetBuffer()).AsMap();
  EXPECT_GT(object["call_ratio"].AsDouble(), 0) << ran.output;
  for (const char* lts : {"warm", "cold"}) {
    const auto of = object[lts].AsMap();
    EXPECT_EQ(of["lost"].AsInt64(), 0) << ran.output;
    EXPECT_GT(of["calls"].AsInt64(), 1000) << ran.output;
    EXPECT_GE(of["condition_after_first_failure_ms"].AsDouble(), 500) << "below_for alone: " << ran.output;
  }
}

TEST(Program, its_help_exits_with_0) {
  const Ran ran = run("--help");

  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_NE(ran.output.find("roundtrip,stream,fanout"), std::string::npos);
}

}  // namespace
}  // namespace shunt::bench
