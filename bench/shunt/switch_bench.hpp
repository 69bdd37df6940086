#pragma once
/// `shunt-bench switch`: whether anything is lost, doubled or out of order while versions change, and what it costs.

#include <cstdint>

namespace shunt::bench {

struct SwitchOptions {
  std::uint64_t messages = 1'000'000;  ///< At least; it goes on until all switches are done.
  std::uint64_t switches = 10'000;
  bool json = false;
};

/// Two versions of one plugin, both warm; one thread publishes as fast as it is let, another switches back and forth,
/// as soon as the last switch is over and its share of the messages is out. Prints a table, or one JSON object, in
/// which `total_order` has the same for that. Returns the exit code: 0 done, 1 something was lost, doubled or out of
/// order, or could not be measured.
[[nodiscard]] int run_switch_bench(const SwitchOptions& options);

}  // namespace shunt::bench
