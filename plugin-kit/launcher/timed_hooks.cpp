/// shunt-launch-timed: the launcher that writes down when it came to each step of a start, for the benchmark of the
/// sandbox.
///
/// Into the file that SHUNT_TIMES names, one line a step: its name and CLOCK_MONOTONIC in nanoseconds. The file takes
/// the place of standard output, which a plugin process may write to, however confined it is. SHUNT_BARE=1 confines no
/// further than shunt-launch-bare does.

#include "program_hooks.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <fcntl.h>
#include <unistd.h>

namespace shunt::launcher {
namespace {

void write_down(const char* step) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  std::array<char, 96> line{};
  const int count =
      std::snprintf(line.data(), line.size(), "%s %lld%09ld\n", step, static_cast<long long>(now.tv_sec), now.tv_nsec);
  // A line that is lost is missed by the benchmark.
  static_cast<void>(::write(STDOUT_FILENO, line.data(), static_cast<std::size_t>(count)) == count);
}

[[noreturn]] void misused(const char* why) {
  std::fprintf(stderr, "shunt-launch-timed: %s\n", why);
  std::exit(2);
}

}  // namespace

PluginHooks program_hooks() {
  const char* const times = std::getenv("SHUNT_TIMES");
  if (times == nullptr) misused("SHUNT_TIMES names no file");
  const int file = ::open(times, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0 || ::dup2(file, STDOUT_FILENO) < 0) misused("the file that SHUNT_TIMES names cannot be opened");
  ::close(file);
  return {.on_serving = [] { write_down("serving"); },
          .on_step = write_down,
          .confined = std::getenv("SHUNT_BARE") == nullptr};
}

}  // namespace shunt::launcher
