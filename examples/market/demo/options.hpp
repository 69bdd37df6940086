#pragma once
/// What the demo is asked for on its command line.

#include <cstdint>
#include <filesystem>

namespace market_demo {

struct Options {
  std::uint64_t messages = 1'000'000;
  unsigned switches = 100;
  std::filesystem::path config;
  std::filesystem::path data;
  bool json = false;

  /// The first bars go one at a time, each when the last one's fill is there: their latency is the way through the
  /// plugins and nothing else. The others go as fast as they are taken, and theirs is mostly waiting behind each other.
  [[nodiscard]] std::uint64_t alone() const { return messages / 200; }
};

}  // namespace market_demo
