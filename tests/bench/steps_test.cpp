/// The program shunt-bench-steps from the outside: that every step runs and is timed, not how long it takes.

#include <map>
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
Ran run(const std::string& arguments) { return test::run_command(SHUNT_BENCH_STEPS_PROGRAM " " + arguments); }

std::set<std::string> steps() {
  std::istringstream lines{run("--benchmark_list_tests").output};
  std::set<std::string> names;
  for (std::string line; std::getline(lines, line);) names.insert(line);
  return names;
}

TEST(Steps, every_step_reports_the_median_of_its_times) {
  const Ran ran = run("--benchmark_min_time=0.0001 --benchmark_format=json 2>&1");

  ASSERT_EQ(ran.exit_code, 0) << ran.output;
  flatbuffers::Parser parser;
  flexbuffers::Builder buffer;
  ASSERT_TRUE(parser.ParseFlexBuffer(ran.output.c_str(), nullptr, &buffer)) << ran.output;
  std::map<std::string, double> medians;
  const auto results = flexbuffers::GetRoot(buffer.GetBuffer()).AsMap()["benchmarks"].AsVector();
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto result = results[i].AsMap();
    if (result["aggregate_name"].AsString().str() == "median")
      medians[result["run_name"].AsString().str()] = result["real_time"].AsDouble();
  }
  const auto expected = steps();
  EXPECT_GE(expected.size(), 20u);
  for (const auto& step : expected) EXPECT_GT(medians[step], 0) << step;
}

TEST(Steps, the_machine_and_the_commit_stand_beside_the_times) {
  const Ran ran = run("--benchmark_filter=store_and_fence --benchmark_min_time=0.0001 2>&1");

  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  for (const char* key : {"machine: ", "governor: ", "commit: "})
    EXPECT_NE(ran.output.find(key), std::string::npos) << ran.output;
}

TEST(Steps, an_option_or_a_step_that_does_not_exist_is_misuse) {
  for (const char* arguments : {"--benchmark_filter=ghost", "--frobnicate", "ghost"}) {
    const Ran ran = run(std::string{arguments} + " 2>&1");

    EXPECT_EQ(ran.exit_code, 2) << arguments;
    EXPECT_FALSE(ran.output.empty()) << arguments;
  }
}

}  // namespace
}  // namespace shunt::bench
