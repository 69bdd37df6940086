#include "leftovers.hpp"

#include "children.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <thread>
#include <vector>

#include <fmt/ranges.h>
#include <unistd.h>

namespace shunt::test {
namespace {

namespace fs = std::filesystem;

template <typename Each>
std::vector<Each> since(const std::set<Each>& before, const std::set<Each>& now) {
  std::vector<Each> added;
  std::ranges::set_difference(now, before, std::back_inserter(added));
  return added;
}

}  // namespace

Belongings Belongings::of_this_process(pid_t keeper) {
  Belongings found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd", ignored)) {
    const auto target = fs::read_symlink(entry.path(), ignored).string();
    // The folder that is read here is open itself.
    if (!target.empty() && !target.ends_with("/fd"))
      found.descriptors.insert(fmt::format("{} ({})", entry.path().filename().string(), target));
  }
  for (const auto& entry : fs::directory_iterator("/proc/self/task", ignored))
    found.threads.insert(entry.path().filename().string());
  found.processes = children_of(::getpid(), Ended::Count);
  if (keeper != 0) found.processes.merge(children_of(keeper, Ended::Leave));
  return found;
}

std::string left_since(const Belongings& before, pid_t keeper) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  std::vector<std::string> threads;
  std::vector<std::string> descriptors;
  std::vector<pid_t> processes;
  for (;;) {
    const auto now = Belongings::of_this_process(keeper);
    threads = since(before.threads, now.threads);
    descriptors = since(before.descriptors, now.descriptors);
    processes = since(before.processes, now.processes);
    if ((threads.empty() && processes.empty()) || std::chrono::steady_clock::now() >= until) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::vector<std::string> parts;
  if (!threads.empty()) parts.push_back(fmt::format("{} thread{}", threads.size(), threads.size() == 1 ? "" : "s"));
  if (!processes.empty())
    parts.push_back(fmt::format("{} process{}", processes.size(), processes.size() == 1 ? "" : "es"));
  for (const auto& each : descriptors) parts.push_back("descriptor " + each);
  return fmt::format("{}", fmt::join(parts, " and "));
}

}  // namespace shunt::test
