#pragma once
/// The shared memory that a process has mapped, and the memfds that it has open: what the kernel says of them.
///
///     EXPECT_EQ(mapped_memory(pid), planned);                         // {{"inbound pool", 1200128}, ...}

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>

namespace shunt::test {

/// Names, without what all of them begin with, and sizes in bytes; sorted.
using SharedMemory = std::vector<std::pair<std::string, std::uint64_t>>;

/// Of pools and lanes, from /proc/PID/maps.
inline SharedMemory mapped_memory(std::int64_t pid) {
  constexpr std::string_view kMark = "/memfd:shunt: ";
  constexpr std::string_view kEnd = " (deleted)";
  SharedMemory result;
  std::ifstream maps{fmt::format("/proc/{}/maps", pid)};
  for (std::string line; std::getline(maps, line);) {
    const auto at = line.find(kMark);
    if (at == std::string::npos) continue;
    std::uint64_t begin = 0, end = 0;
    char dash = 0;
    std::istringstream{line} >> std::hex >> begin >> dash >> end;
    const auto name = line.substr(at + kMark.size());
    result.emplace_back(name.substr(0, name.size() - kEnd.size()), end - begin);
  }
  std::ranges::sort(result);
  return result;
}

/// Of plugins' files and their libraries, from /proc/PID/fd: one size for each that is open.
inline std::vector<std::uint64_t> sealed_files(std::int64_t pid) {
  std::vector<std::uint64_t> result;
  for (const auto& each : std::filesystem::directory_iterator{fmt::format("/proc/{}/fd", pid)}) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(each.path(), gone);
    struct stat status {};
    if (!gone && target.native().starts_with("/memfd:shunt-plugin") && ::stat(each.path().c_str(), &status) == 0)
      result.push_back(static_cast<std::uint64_t>(status.st_size));
  }
  std::ranges::sort(result);
  return result;
}

}  // namespace shunt::test
