#include "thread_count.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

namespace shunt::launcher {

ThreadCount::ThreadCount(pid_t plugin)
    : status_(::open(fmt::format("/proc/{}/stat", plugin).c_str(), O_RDONLY | O_CLOEXEC)) {}

std::uint32_t ThreadCount::now() const {
  std::array<char, 1024> bytes{};
  const ssize_t count = ::pread(status_.get(), bytes.data(), bytes.size(), 0);
  if (count <= 0) return 0;
  std::string_view text{bytes.data(), static_cast<std::size_t>(count)};
  const auto name_end = text.rfind(')');  // the name before it is the plugin's to choose
  if (name_end == std::string_view::npos) return 0;
  text.remove_prefix(name_end + 2);
  constexpr int kFieldsBefore = 17;  // num_threads is field 20, the one behind the name field 3
  for (int i = 0; i < kFieldsBefore; ++i) {
    const auto space = text.find(' ');
    if (space == std::string_view::npos) return 0;
    text.remove_prefix(space + 1);
  }
  std::uint32_t threads = 0;
  std::from_chars(text.data(), text.data() + text.size(), threads);
  return threads;
}

void ThreadCount::await_more_than(std::uint32_t before) const {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds{2};
  while (now() <= before && Clock::now() < end) ::sched_yield();
}

}  // namespace shunt::launcher
