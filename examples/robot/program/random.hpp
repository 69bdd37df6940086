#pragma once
/// Numbers from a seed: the same ones on every machine, which the standard's distributions do not promise.

#include <cstdint>
#include <random>

namespace robot_demo {

class Random {
 public:
  explicit Random(std::uint64_t seed) : bits_(seed) {}

  /// From `low` to below `high`.
  double between(double low, double high) { return low + (high - low) * static_cast<double>(bits_() >> 11) * 0x1p-53; }

 private:
  std::mt19937_64 bits_;
};

}  // namespace robot_demo
