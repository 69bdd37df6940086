#pragma once
/// The round trip of `client` with the full sandbox, beside the same with none.

#include <shunt/bench/setup.hpp>
#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <vector>

namespace shunt::bench {

/// Each pair was measured one right after the other, every measurement with a host and an instance of its own, so that
/// luck with memory is noise and not one side's.
struct RoundTrips {
  std::vector<double> bare_ns;  ///< p50, of each pair.
  std::vector<double> full_ns;
  std::vector<double> ratios;  ///< full / bare of each pair.
  std::vector<double> same;    ///< bare / bare of each pair: A against A.
};

/// `messages` of 64 bytes, inline, in each measurement. Errors: what a host's start says, DeadlineExceeded, BadPayload.
[[nodiscard]] Result<RoundTrips> measure_round_trips(Wait wait, unsigned pairs, std::uint64_t messages);

}  // namespace shunt::bench
