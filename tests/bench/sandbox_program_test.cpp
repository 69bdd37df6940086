/// The program shunt-bench-sandbox from the outside: what it says, and of that what does not depend on the clock.

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

Ran run(const std::string& arguments) {
  return test::run_command(std::string{SHUNT_BENCH_SANDBOX_PROGRAM} + " " + arguments + " 2>&1");
}

/// The lines of one small run.
class SandboxBench : public testing::Test {
 protected:
  /// Calls `see(object)` for each line about `what`; how many there were.
  template <typename See>
  int for_each(const std::string& what, See&& see) {
    std::istringstream lines{ran_.output};
    int count = 0;
    for (std::string line; std::getline(lines, line);) {
      flatbuffers::Parser parser;
      flexbuffers::Builder buffer;
      if (!parser.ParseFlexBuffer(line.c_str(), nullptr, &buffer)) ADD_FAILURE() << line;
      const auto object = flexbuffers::GetRoot(buffer.GetBuffer()).AsMap();
      EXPECT_EQ(object["bench"].AsString().str(), "sandbox") << line;
      EXPECT_FALSE(object["commit"].AsString().str().empty()) << line;
      if (object["what"].AsString().str() != what) continue;
      ++count;
      see(object);
    }
    return count;
  }

  void expect_equal_counts() {
    std::set<std::string> seen;
    const int lines = for_each("instructions", [&](const flexbuffers::Map& line) {
      const std::string which = line["wait"].AsString().str() + std::string{" "} + line["side"].AsString().str();
      seen.insert(which);
      EXPECT_GT(line["bare"].AsInt64(), 100) << which;
      EXPECT_EQ(line["bare"].AsInt64(), line["full"].AsInt64()) << which;
      EXPECT_EQ(line["bare_system_calls"].AsInt64(), line["full_system_calls"].AsInt64()) << which;
      good_ &= line["equal"].AsBool();
      if (which.starts_with("spin")) {
        EXPECT_EQ(line["full_system_calls"].AsInt64(), 0) << which;
      }
    });
    EXPECT_EQ(lines, 4);
    EXPECT_EQ(seen, (std::set<std::string>{"spin host", "spin plugin", "sleep host", "sleep plugin"}));
  }

  void expect_round_trips_with_intervals() {
    const int lines = for_each("roundtrip", [&](const flexbuffers::Map& line) {
      EXPECT_EQ(line["pairs"].AsInt64(), 2);
      EXPECT_GT(line["full_p50_ns"].AsDouble(), 0);
      EXPECT_LE(line["ratio_low"].AsDouble(), line["ratio"].AsDouble());
      EXPECT_LE(line["ratio"].AsDouble(), line["ratio_high"].AsDouble());
      EXPECT_LE(line["same_low"].AsDouble(), line["same_high"].AsDouble());
      EXPECT_TRUE(line["overlaps"].IsBool());
      good_ &= line["within"].AsBool();
    });
    EXPECT_EQ(lines, 2);
  }

  void expect_starts_in_parts() {
    std::set<std::string> parts;
    const int lines = for_each("start", [&](const auto& line) {
      EXPECT_GT(line["full_ms"].AsDouble(), 0);
      good_ &= line["within"].AsBool();
    });
    EXPECT_EQ(lines, 1);
    for_each("start_part", [&](const auto& line) { parts.insert(line["part"].AsString().str()); });
    for (const char* part : {"program", "attachment", "filter", "namespaces", "init", "root", "process", "limits",
                             "landlock", "lane", "listener", "thread", "object", "serving", "active"})
      EXPECT_TRUE(parts.contains(part)) << part;
  }

  Ran ran_;
  bool good_ = true;  ///< By the verdicts of all lines.
};

TEST_F(SandboxBench, a_message_takes_as_many_instructions_and_system_calls_confined_as_not_and_verdicts_are_told) {
  ran_ = run("--pairs 2 --messages 1000 --counted 40 --json");
  if (ran_.output.find("to count its instructions") != std::string::npos)
    GTEST_SKIP() << "this machine does not let one process trace its descendant";

  expect_equal_counts();
  expect_round_trips_with_intervals();
  expect_starts_in_parts();
  EXPECT_EQ(ran_.exit_code, good_ ? 0 : 1) << ran_.output;
}

TEST(SandboxBenchProgram, says_in_its_help_what_it_exits_with) {
  const Ran ran = run("--help");

  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_NE(ran.output.find("Exits with 1 when"), std::string::npos) << ran.output;
}

TEST(SandboxBenchProgram, a_number_that_cannot_be_is_misuse) {
  for (const char* arguments : {"--pairs 0", "--counted 1000", "--frobnicate", "ghost"}) {
    const Ran ran = run(arguments);

    EXPECT_EQ(ran.exit_code, 2) << arguments;
    EXPECT_FALSE(ran.output.empty()) << arguments;
  }
}

}  // namespace
}  // namespace shunt::bench
