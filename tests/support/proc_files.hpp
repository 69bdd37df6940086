#pragma once
/// What /proc says of a process, from outside.

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <sys/types.h>

namespace shunt::test {

/// What stands behind `begin` in the first line that begins so, without the blanks around it; throws when none does.
inline std::string proc_line(const std::string& path, std::string_view begin) {
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(begin)) continue;
    const auto first = line.find_first_not_of(" \t", begin.size());
    return first == std::string::npos ? std::string{} : line.substr(first, line.find_last_not_of(" \t") + 1 - first);
  }
  throw std::runtime_error(fmt::format("{} has no line \"{}\"", path, begin));
}

/// The soft and the hard limit, as /proc/PID/limits names them: {"40", "40"}.
inline std::pair<std::string, std::string> proc_limit(pid_t pid, std::string_view name) {
  std::istringstream words{proc_line(fmt::format("/proc/{}/limits", pid), name)};
  std::pair<std::string, std::string> result;
  words >> result.first >> result.second;
  return result;
}

/// Of /proc/PID/status: "VmData", "Cpus_allowed_list".
inline std::string proc_status(pid_t pid, std::string_view name) {
  return proc_line(fmt::format("/proc/{}/status", pid), fmt::format("{}:", name));
}

inline std::vector<pid_t> threads_of(pid_t pid) {
  std::vector<pid_t> threads;
  for (const auto& each : std::filesystem::directory_iterator{fmt::format("/proc/{}/task", pid)})
    threads.push_back(std::stoi(each.path().filename()));
  return threads;
}

/// How a thread is scheduled, by its stat.
struct Scheduled {
  int nice = 0;
  int policy = 0;
  int priority = 0;  ///< Of a real-time policy; 0 of others.
  friend bool operator==(const Scheduled&, const Scheduled&) = default;
};

inline Scheduled scheduled(pid_t pid, pid_t thread) {
  constexpr int kNice = 19;  // fields of proc(5), from 1 on
  constexpr int kPriority = 40;
  constexpr int kPolicy = 41;
  std::ifstream file{fmt::format("/proc/{}/task/{}/stat", pid, thread)};
  std::string text;
  std::getline(file, text);
  std::istringstream words{text.substr(text.rfind(')') + 1)};
  Scheduled result;
  int field = 3;
  for (std::string word; words >> word; ++field) {
    if (field == kNice) result.nice = std::stoi(word);
    if (field == kPriority) result.priority = std::stoi(word);
    if (field == kPolicy) result.policy = std::stoi(word);
  }
  if (field <= kPolicy) throw std::runtime_error(fmt::format("no thread {} in {}", thread, pid));
  return result;
}

}  // namespace shunt::test
