/// The README's host and plugin, as they are built from examples/first.

#include <array>
#include <cstdio>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

namespace {

struct Ran {
  int exit_code = -1;
  std::string output;
};

Ran run(const std::string& command) {
  Ran ran;
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> part{};
  while (fgets(part.data(), part.size(), pipe) != nullptr) ran.output += part.data();
  const int status = pclose(pipe);
  ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

TEST(FirstExample, it_publishes_hears_and_calls) {
  const Ran ran = run(FIRST_HOST " " FIRST_TOML " 2>&1");

  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.output, "99.25: wait\n101.75: buy\n102.50: buy, it says\n");
}

TEST(FirstExample, without_its_file_it_says_so_and_fails) {
  const Ran ran = run(FIRST_HOST " no-such.toml 2>&1");

  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.output, testing::HasSubstr("no-such.toml"));
}

}  // namespace
