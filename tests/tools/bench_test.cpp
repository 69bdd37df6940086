/// bench: everything further goes to the program shunt-bench beside shunt.
#include "running_host.hpp"

#include <sstream>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using testing::HasSubstr;

class Benchmarks : public ProcessTest {};

TEST_F(Benchmarks, run_with_every_argument_and_print_one_object_a_line) {
  const Ran ran = shunt({"bench", "roundtrip", "--subject", "lane", "--against", "pipe", "--rounds", "2", "--messages",
                         "200", "--wait", "sleep", "--json"});

  EXPECT_EQ(ran.code, 0) << ran;
  std::istringstream lines{ran.out};
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const Json object = Json::parse(line);
    EXPECT_EQ(object["bench"], "roundtrip");
    EXPECT_EQ(object["wait"], "sleep");
    EXPECT_EQ(object["errors"], 0);
  }
  EXPECT_GE(count, 2);
}

TEST_F(Benchmarks, tell_their_own_help_and_their_own_misuse) {
  const Ran help = shunt({"bench", "--help"});
  const Ran misuse = shunt({"bench", "sideways"});

  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("Usage: shunt bench"));
  EXPECT_THAT(help.out, HasSubstr("--against"));
  EXPECT_EQ(misuse.code, 2);
  EXPECT_THAT(misuse.errors, HasSubstr("sideways"));
}

TEST_F(Benchmarks, that_are_not_installed_are_named) {
  const TemporaryDirectory folder;
  const auto lone = folder.path() / "shunt";
  std::filesystem::copy_file(SHUNT, lone);

  const Ran ran = run(lone, {"bench", "roundtrip"});

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors,
              HasSubstr((folder.path() / "shunt-bench").string() + " cannot be run: benchmarks are not installed"));
}

}  // namespace
}  // namespace shunt::test
