#pragma once
/// A command as a shell runs it: its exit code and what it wrote on its standard output.
///
///     const Ran ran = run_command("market-demo --help 2>&1");
///     EXPECT_EQ(ran.exit_code, 0);

#include <array>
#include <cstdio>
#include <string>

#include <sys/wait.h>

namespace shunt::test {

struct Ran {
  int exit_code = -1;  ///< Of a command that ended by itself.
  std::string output;
};

inline Ran run_command(const std::string& command) {
  Ran ran;
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> part{};
  while (fgets(part.data(), part.size(), pipe) != nullptr) ran.output += part.data();
  const int status = pclose(pipe);
  ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

}  // namespace shunt::test
