#include "children.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace shunt::test {
namespace {

/// From "number (name) state parent ..."; a name may have anything in it. 0: it has gone.
pid_t parent_of(const std::filesystem::path& process) {
  std::ifstream file{process / "stat"};
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(") ");
  pid_t parent = 0;
  if (name_end == std::string::npos || name_end + 4 > line.size()) return 0;
  std::from_chars(line.data() + name_end + 4, line.data() + line.size(), parent);
  return parent;
}

}  // namespace

std::set<pid_t> children_of_this_process() {
  std::set<pid_t> children;
  std::error_code problem;
  for (std::filesystem::directory_iterator entry{"/proc", problem}, end; entry != end; entry.increment(problem)) {
    const std::string name = entry->path().filename().string();
    pid_t process = 0;
    const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), process);
    if (wrong == std::errc{} && rest == name.data() + name.size() && parent_of(entry->path()) == ::getpid())
      children.insert(process);
  }
  return children;
}

}  // namespace shunt::test
