/// What the demo is given and cannot use: one sentence on stderr that says what to do, nothing on stdout.
#include "market_demo.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kHeader = "date,open,high,low,close,adjclose,volume\n";

class Refusal : public MarketTest {
 protected:
  void expect_failure(const std::vector<std::string>& arguments, const testing::Matcher<std::string>& sentence) const {
    const Ran ran = run(arguments);

    EXPECT_EQ(ran.exit_code, 1) << ran.errors;
    EXPECT_THAT(ran.errors, AllOf(StartsWith("market-demo: "), sentence));
    EXPECT_EQ(ran.output, "");
  }

  void expect_misuse(const std::vector<std::string>& arguments, const testing::Matcher<std::string>& sentence) const {
    const Ran ran = run(arguments);

    EXPECT_EQ(ran.exit_code, 2) << ran.errors;
    EXPECT_THAT(ran.errors, sentence);
    EXPECT_EQ(ran.output, "");
  }
};

TEST_F(Refusal, of_data_that_cannot_be_read_names_the_file_and_the_option) {
  expect_failure({"--data", folder_.path() / "none.csv"},
                 AllOf(HasSubstr("System"), HasSubstr("none.csv"), HasSubstr("--data")));
  expect_failure({"--data", folder_.path()}, AllOf(HasSubstr("System"), HasSubstr("--data")));
}

TEST_F(Refusal, of_a_series_without_a_day_says_what_it_takes) {
  for (const char* text : {"", kHeader})
    expect_failure({"--data", folder_.write("empty.csv", text)},
                   AllOf(HasSubstr("BadInput"), HasSubstr("holds no day"), HasSubstr("date,open,high,low,close")));
}

TEST_F(Refusal, of_a_malformed_row_names_its_line) {
  const std::string good = "2000-01-03,1.0,1.0,1.0,1.0,1.0,1\n";
  for (const char* row : {"2000-01-04,1.0,1.0,1.0", "yesterday,1.0,1.0,1.0,1.0,1.0,1", "", "2000-01-04,1,1,1,x,1,1",
                          "2000-01-04,1,1,1,1,1,1,one more", "2000-01-04,0,1,1,1,1,1", "2000-01-04,1,1,1,-1,1,1",
                          "2000-01-04,nan,1,1,1,1,1", "2000-01-04,1,1,1,1e30,1,1"})
    expect_failure({"--data", folder_.write("rows.csv", kHeader + good + row + "\n")},
                   AllOf(HasSubstr("BadInput"), HasSubstr("rows.csv:3: "), HasSubstr("correct or remove")));
}

TEST_F(Refusal, of_a_plugin_with_another_sha256_than_the_listed_one_names_both) {
  const std::string other(64, 'a');
  const auto listed = configuration("sha256 = \"", fmt::format("sha256 = \"{}\" # ", other));

  expect_failure({"--config", listed},
                 AllOf(HasSubstr("NotTrusted"), HasSubstr("libmomentum-1.4.0.so"), HasSubstr(other)));
}

TEST_F(Refusal, of_a_configuration_that_cannot_be_read_or_is_wrong_names_the_place) {
  expect_failure({"--config", folder_.path() / "none.toml"}, AllOf(HasSubstr("System"), HasSubstr("none.toml")));
  expect_failure({"--config", configuration("wait = \"sleep\"", "wait = \"doze\"")},
                 AllOf(HasSubstr("BadConfiguration"), HasSubstr("host.toml:"), HasSubstr("sleep")));
}

TEST_F(Refusal, of_a_count_that_cannot_be_is_misuse) {
  for (const char* count : {"0", "-1", "many", "100000001", "1e6"})
    expect_misuse({"--messages", count}, HasSubstr("--messages"));
  expect_misuse({"--switches", "-1"}, HasSubstr("--switches"));
}

TEST_F(Refusal, of_an_unknown_option_or_a_missing_value_is_misuse) {
  expect_misuse({"--mesages", "10"}, HasSubstr("--mesages"));
  expect_misuse({"sideways"}, HasSubstr("sideways"));
  expect_misuse({"--data"}, HasSubstr("--data"));
}

TEST_F(Refusal, is_not_what_help_gets) {
  const Ran ran = run({"--help"});

  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.output, AllOf(HasSubstr("--messages"), HasSubstr("--switches"), HasSubstr("--json")));
  EXPECT_EQ(ran.errors, "");
}

}  // namespace
}  // namespace shunt::test
