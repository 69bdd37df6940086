#include "progress.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace market_demo {

Progress::Progress(std::uint64_t messages)
    : messages_(messages),
      terminal_(::isatty(STDERR_FILENO) != 0),
      step_(std::max<std::uint64_t>(messages / (terminal_ ? 200 : 10), 1)),
      due_(terminal_ ? 0 : step_) {}

void Progress::draw(std::uint64_t received, unsigned switches) {
  const std::uint64_t percent = received * 100 / messages_;
  if (terminal_) {
    constexpr std::uint64_t kWidth = 40;
    const auto filled = static_cast<int>(received * kWidth / messages_);
    fmt::print(stderr, "\r[{:#<{}}{:.<{}}] {:>3} %  {} fills, {} switches{}", "", filled, "",
               static_cast<int>(kWidth) - filled, percent, received, switches, received == messages_ ? "\n" : "");
  } else {
    fmt::print(stderr, "{:>3} %  {} fills, {} switches\n", percent, received, switches);
  }
  due_ = received == messages_ ? UINT64_MAX : std::min(received / step_ * step_ + step_, messages_);
}

}  // namespace market_demo
