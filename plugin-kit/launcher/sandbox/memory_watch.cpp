#include "memory_watch.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace shunt::launcher {

namespace {

/// Pages of its own, in memory or swapped out, and the kernel's tables of all its pages; nothing when it has none.
std::optional<std::uint64_t> read_bytes(int status) {
  std::array<char, 4096> text{};
  if (::pread(status, text.data(), text.size() - 1, 0) <= 0) return std::nullopt;
  std::uint64_t bytes = 0;
  bool found = false;
  for (const char* const field : {"\nRssAnon:", "\nVmSwap:", "\nVmPTE:"}) {
    const char* const line = std::strstr(text.data(), field);
    if (line == nullptr) continue;
    found = true;
    bytes += std::strtoull(line + std::strlen(field), nullptr, 10) << 10;  // in kB
  }
  return found ? std::optional{bytes} : std::nullopt;
}

}  // namespace

MemoryWatch::MemoryWatch(pid_t plugin, std::uint64_t high, std::uint64_t limit)
    : plugin_(plugin),
      status_(::open(fmt::format("/proc/{}/status", plugin).c_str(), O_RDONLY | O_CLOEXEC)),
      high_(high),
      limit_(limit) {}

std::uint64_t MemoryWatch::private_bytes() const {
  auto bytes = read_bytes(status_.get());
  // Of a process whose first thread has ended the kernel says nothing; its other threads know.
  if (!bytes) {
    std::error_code failed;
    std::filesystem::directory_iterator thread{fmt::format("/proc/{}/task", plugin_), failed};
    for (; !bytes && !failed && thread != std::filesystem::directory_iterator{}; thread.increment(failed)) {
      const bus::UniqueFd file{::open((thread->path() / "status").c_str(), O_RDONLY | O_CLOEXEC)};
      bytes = read_bytes(file.get());
    }
  }
  return bytes.value_or(0);
}

std::optional<control::MemoryHighT> MemoryWatch::look() {
  const std::uint64_t bytes = private_bytes();
  note(bytes);
  control::MemoryHighT seen;
  seen.bytes = bytes;
  seen.limit = limit_;
  seen.ended = limit_ != 0 && bytes > limit_;
  if (seen.ended) return seen;
  if (told_ && bytes < high_ - high_ / 10) told_ = false;
  if (told_ || high_ == 0 || bytes < high_) return std::nullopt;
  told_ = true;
  return seen;
}

}  // namespace shunt::launcher
