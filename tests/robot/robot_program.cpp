#include "robot_program.hpp"

#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace shunt::test {
namespace {

/// Reaps what has ended. Whether no child is left, of ours or orphaned.
bool all_reaped() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  return ::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
}

bool all_reaped_within_a_minute() {
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!all_reaped()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace

void RobotTest::SetUp() {
  // A process of the program whose parent has gone becomes our child, and is seen.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ASSERT_TRUE(all_reaped()) << "there are children already";
}

void RobotTest::TearDown() {
  EXPECT_TRUE(all_reaped_within_a_minute()) << "a process is left";
  EXPECT_TRUE(std::filesystem::is_empty(working_.path())) << "a file is left in " << working_.path();
}

Ran RobotTest::run(const std::string& arguments) const {
  return run_command(fmt::format("cd {0} && TMPDIR={0} {1} {2} 2>&1", working_.path().string(), ROBOT, arguments));
}

Json RobotTest::report(const std::string& arguments, int exit_code) const {
  const Ran ran = run(arguments + " --json");
  EXPECT_EQ(ran.exit_code, exit_code) << ran.output;
  Json json = Json::parse(ran.output, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << "no JSON: " << ran.output;
  return json;
}

std::string RobotTest::configuration(const std::string& from, const std::string& to) const {
  std::string text = text_of(ROBOT_TOML);
  const auto replace_all = [&](const std::string& what, const std::string& with) {
    EXPECT_NE(text.find(what), std::string::npos) << what << " is not in\n" << text;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
      text.replace(at, what.size(), with);
  };
  replace_all("../plugins/", PLUGINS "/");
  replace_all(from, to);
  return folder_.write("host.toml", text);
}

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream{file, std::ios::binary}.rdbuf();
  return text.str();
}

}  // namespace shunt::test
