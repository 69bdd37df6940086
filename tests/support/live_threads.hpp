#pragma once
/// How many threads this process has, for tests that look whether any is left.

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace shunt::test {

/// Those that have not begun to end: one that was joined may stand in /proc for a moment more.
inline std::size_t count_live_threads() {
  constexpr unsigned long kExiting = 0x4;  // PF_EXITING of linux/sched.h, among the flags of proc_pid_stat(5)
  std::size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::string line;
    if (!std::getline(std::ifstream{task.path() / "stat"}, line)) continue;  // it is gone
    std::istringstream fields{line.substr(line.rfind(')') + 1)};
    std::string state;
    long parent = 0, group = 0, session = 0, terminal = 0, foreground = 0;
    unsigned long flags = 0;
    fields >> state >> parent >> group >> session >> terminal >> foreground >> flags;
    count += (flags & kExiting) == 0 ? 1 : 0;
  }
  return count;
}

}  // namespace shunt::test
