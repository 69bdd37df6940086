#pragma once
/// What the program is asked for on its command line.

#include <cstdint>
#include <filesystem>
#include <optional>

namespace robot_demo {

struct Options {
  unsigned seconds = 60;
  std::uint64_t seed = 1;
  std::optional<double> kill_at{};  ///< Seconds; below `seconds`.
  bool lockstep = false;            ///< No clock: each scan waits for its command.
  bool realtime = false;
  std::filesystem::path config;
  std::filesystem::path svg;  ///< Empty: no picture.
  bool json = false;
};

}  // namespace robot_demo
