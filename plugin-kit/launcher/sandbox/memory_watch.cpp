#include "memory_watch.hpp"

#include <array>
#include <cinttypes>
#include <cstdio>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace shunt::launcher {

MemoryWatch::MemoryWatch(pid_t plugin, std::uint64_t high, std::uint64_t limit)
    : pages_(::open(fmt::format("/proc/{}/statm", plugin).c_str(), O_RDONLY | O_CLOEXEC)), high_(high), limit_(limit) {}

std::uint64_t MemoryWatch::private_bytes() const {
  std::array<char, 256> text{};
  if (::pread(pages_.get(), text.data(), text.size() - 1, 0) <= 0) return 0;
  std::uint64_t resident = 0;
  std::uint64_t shared = 0;  // of files and of the lane
  if (std::sscanf(text.data(), "%*s %" SCNu64 " %" SCNu64, &resident, &shared) != 2 || shared > resident) return 0;
  return (resident - shared) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
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
