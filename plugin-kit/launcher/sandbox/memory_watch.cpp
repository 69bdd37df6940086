#include "memory_watch.hpp"

#include <array>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace shunt::launcher {

namespace {

struct Pages {
  std::uint64_t resident = 0;
  std::uint64_t shared = 0;  // of files and of the lane
};

std::optional<Pages> read_pages(int statm) {
  std::array<char, 256> text{};
  Pages pages;
  if (::pread(statm, text.data(), text.size() - 1, 0) <= 0) return std::nullopt;
  if (std::sscanf(text.data(), "%*s %" SCNu64 " %" SCNu64, &pages.resident, &pages.shared) != 2) return std::nullopt;
  return pages;
}

}  // namespace

MemoryWatch::MemoryWatch(pid_t plugin, std::uint64_t high, std::uint64_t limit)
    : plugin_(plugin),
      pages_(::open(fmt::format("/proc/{}/statm", plugin).c_str(), O_RDONLY | O_CLOEXEC)),
      high_(high),
      limit_(limit) {}

std::uint64_t MemoryWatch::private_bytes() const {
  auto pages = read_pages(pages_.get());
  // Of a process whose first thread has ended the kernel says nothing; its other threads know.
  if (pages && pages->resident == 0) {
    std::error_code failed;
    std::filesystem::directory_iterator thread{fmt::format("/proc/{}/task", plugin_), failed};
    for (; !failed && thread != std::filesystem::directory_iterator{}; thread.increment(failed)) {
      const bus::UniqueFd file{::open((thread->path() / "statm").c_str(), O_RDONLY | O_CLOEXEC)};
      if (pages = read_pages(file.get()); pages && pages->resident != 0) break;
    }
  }
  if (!pages || pages->shared > pages->resident) return 0;
  return (pages->resident - pages->shared) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
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
