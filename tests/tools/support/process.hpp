#pragma once
/// A program as a user starts it: its arguments, what it prints, how it ends.
///
///     const Ran ran = run(SHUNT, {"ls", "--socket", socket});        // waits for its end
///     Process host{SHUNT, {"run", "host.toml"}};                     // goes on beside the test
///     host.read_line();

#include <shunt/bus/unique_fd.hpp>

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/types.h>

namespace shunt::test {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

/// Bounds every wait for a condition; no test waits for so long unless it fails.
inline constexpr std::chrono::seconds kPatience{30};

/// How a program ended.
struct Ran {
  int code = -1;   ///< Of its exit; -1 when a signal ended it.
  int signal = 0;  ///< That ended it.
  std::string out;
  std::string errors;

  /// Its output, which is one line of JSON.
  [[nodiscard]] Json json() const;
  /// What it says on stderr with --json.
  [[nodiscard]] std::string error_code() const;
};
std::ostream& operator<<(std::ostream& out, const Ran& ran);

/// A program that runs. Its end takes it along.
class Process {
 public:
  /// `environment` is added to ours, as "NAME=value". Throws when the program cannot be started.
  explicit Process(const std::string& program, const Words& arguments, const Words& environment = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  void signal(int number) const;
  /// The next line of its output, without its end. Throws when there is none in time.
  std::string read_line();
  /// The next line of its errors.
  std::string read_error_line();
  /// The end of the program and of everything it started: waits until nobody holds its output any more. Throws when
  /// that takes too long. What read_line() gave before is not in it.
  Ran finish();

 private:
  struct Stream {
    bus::UniqueFd end;
    std::string text;
  };
  /// Waits for more on either stream; false at the end of both.
  bool read_more(std::chrono::steady_clock::time_point until);
  std::string line_of(Stream& stream);

  pid_t pid_ = 0;
  Stream out_;
  Stream errors_;
};

/// Runs a program to its end.
Ran run(const std::string& program, const Words& arguments, const Words& environment = {});

/// The base of tests that start programs: what is left of them after a test, when its members have gone, is a failure.
class ProcessTest : public testing::Test {
 protected:
  ProcessTest();
  ~ProcessTest() override;
};

}  // namespace shunt::test
