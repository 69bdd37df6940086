#pragma once
/// `shunt-bench breaker`: how fast calls are led away from a version that begins to fail, and what that costs before.

#include <cstdint>
#include <string>

namespace shunt::bench {

struct BreakerOptions {
  std::string preset = "fast";  ///< Or "default", of which a round takes four minutes.
  std::uint32_t failing = 100;  ///< Of 1,000 calls, from some moment on.
  std::uint32_t rounds = 5;     ///< Each once with a warm lts, once with a cold one.
  std::uint32_t in_flight = 16;
  bool only_failures = false;  ///< Slow calls succeed: what a busy machine does to them opens no breaker.
  bool json = false;
};

/// Two versions of one plugin; one thread calls as fast as it is answered. Prints a table, or one JSON object. Returns
/// the exit code: 0 done, 1 a call had no outcome, or it could not be measured.
[[nodiscard]] int run_breaker_bench(const BreakerOptions& options);

}  // namespace shunt::bench
