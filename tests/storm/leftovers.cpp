#include "leftovers.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <live_threads.hpp>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace storm {
namespace {

std::size_t entries_of(const char* folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{folder}, {}));
}

std::size_t count_memfds() {
  std::ifstream maps{"/proc/self/maps"};
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) count += line.find("/memfd:") != std::string::npos ? 1 : 0;
  return count;
}

std::size_t count_children() {
  std::size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream children{task.path() / "children"};
    count += static_cast<std::size_t>(
        std::distance(std::istream_iterator<std::string>{children}, std::istream_iterator<std::string>{}));
  }
  return count;
}

/// Those whose warden was killed are ours to wait for, as they would be their session's.
void reap_orphans_that_ended() {
  siginfo_t ended{};
  do ended.si_pid = 0;
  while (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG) == 0 && ended.si_pid != 0);
}

}  // namespace

Census take_census() {
  reap_orphans_that_ended();
  return {entries_of("/proc/self/fd"), count_memfds(), shunt::test::count_live_threads(), count_children()};
}

std::string to_string(const Census& census) {
  return fmt::format("{} descriptors, {} memfds mapped, {} threads, {} children", census.descriptors, census.memfds,
                     census.threads, census.children);
}

std::size_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::size_t size = 0;
  std::size_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

}  // namespace storm
