#include "leftovers.hpp"

#include "cast.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>

#include <live_threads.hpp>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::test {
namespace {

std::vector<int> children_now() {
  std::vector<int> children;
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream list{task.path() / "children"};
    for (int child = 0; list >> child;) children.push_back(child);
  }
  std::ranges::sort(children);
  return children;
}

/// A plugin process whose warden was killed is ours to reap; in a program that is no reaper, init does it. A dead
/// warden is the host's own to reap: it leads a session.
void reap_dead_orphans() {
  for (const int child : children_now())
    if (::getsid(child) != child) ::waitpid(child, nullptr, WNOHANG);
}

std::vector<std::string> descriptors_now() {
  std::vector<std::string> result;
  for (const auto& each : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    std::error_code gone;  // the folder's own descriptor, which is not there any more when we look
    const auto target = std::filesystem::read_symlink(each.path(), gone);
    if (!gone && !target.native().starts_with("/proc/")) result.push_back(target);
  }
  std::ranges::sort(result);
  return result;
}

std::size_t shared_mappings_now() {
  std::ifstream maps{"/proc/self/maps"};
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) count += line.find("/memfd:") != std::string::npos ? 1 : 0;
  return count;
}

}  // namespace

Belongings Belongings::now() {
  return {children_now(), descriptors_now(), count_live_threads(), shared_mappings_now()};
}

std::ostream& operator<<(std::ostream& out, const Belongings& belongings) {
  out << belongings.threads << " threads, " << belongings.shared_mappings << " shared mappings, children:";
  for (const int child : belongings.children) out << ' ' << child;
  out << ", descriptors:";
  for (const auto& each : belongings.descriptors) out << ' ' << each;
  return out;
}

void HostTest::SetUp() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  { const Host first = start(std::vector<PluginConfiguration>{}); }  // what a process makes once stays
  before_ = Belongings::now();
}

void HostTest::TearDown() {
  // An orphan's end, and memory that goes after its last reader may take a moment more.
  await([&] { return reap_dead_orphans(), Belongings::now() == before_; });
  EXPECT_EQ(Belongings::now(), before_);
}

void HostTest::reap_orphans() {
  while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
}

}  // namespace shunt::test
