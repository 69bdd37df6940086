#pragma once
/// From the order to start a plugin until it is active, with the full sandbox and with none, and where the time goes.

#include <shunt/schemas/result.hpp>

#include <string>
#include <vector>

namespace shunt::bench {

struct StartPart {
  std::string name;    ///< What was done up to here, since the part before: "namespaces", "root", ...
  double bare_us = 0;  ///< Median.
  double full_us = 0;
};

struct Starts {
  std::vector<double> bare_ms;  ///< Of each pair, one right after the other.
  std::vector<double> full_ms;
  std::vector<double> added_ms;  ///< full - bare of each pair.
  std::vector<StartPart> parts;  ///< In their order, of starts by a launcher that writes down when it came to each.
};

/// Errors: what a host's start says; System.
[[nodiscard]] Result<Starts> measure_starts(unsigned pairs);

}  // namespace shunt::bench
