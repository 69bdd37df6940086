#include "children.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>

namespace shunt::test {
namespace {

struct Stat {
  char state = 'X';
  pid_t parent = 0;
};

/// From "number (name) state parent ..."; a name may have anything in it. Without a parent: it has gone.
Stat stat_of(const std::filesystem::path& process) {
  std::ifstream file{process / "stat"};
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(") ");
  if (name_end == std::string::npos || name_end + 4 > line.size()) return {};
  Stat found{.state = line[name_end + 2]};
  std::from_chars(line.data() + name_end + 4, line.data() + line.size(), found.parent);
  return found;
}

}  // namespace

std::set<pid_t> children_of(pid_t parent, Ended ended) {
  std::set<pid_t> children;
  std::error_code problem;
  for (std::filesystem::directory_iterator entry{"/proc", problem}, end; entry != end; entry.increment(problem)) {
    const std::string name = entry->path().filename().string();
    pid_t process = 0;
    const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), process);
    if (wrong != std::errc{} || rest != name.data() + name.size()) continue;
    const Stat stat = stat_of(entry->path());
    if (stat.parent == parent && (ended == Ended::Count || stat.state != 'Z')) children.insert(process);
  }
  return children;
}

}  // namespace shunt::test
