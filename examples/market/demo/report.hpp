#pragma once
/// What the demo prints on stdout when it is through.

#include "ledger.hpp"
#include "options.hpp"
#include "switcher.hpp"

#include <string>

namespace market_demo {

struct Outcome {
  Switches switches;
  std::uint64_t unknown = 0;  ///< Messages of which a death left nobody to say whether they were done.
  bool matches = false;       ///< The result is what a computation without plugins arrives at.
  double seconds = 0;         ///< Of the replay.
};

/// The whole demo went as it should.
[[nodiscard]] bool good(const Options& options, const Ledger& ledger, const Outcome& outcome);

/// One line of JSON. p50_ns and p99_ns are of the bars that went alone; those at full rate, queues included, have keys
/// of their own. Every payload of the demo travels inside its message, and the host copies those before it verifies
/// them: the mode of its figures is "copy".
[[nodiscard]] std::string as_json(const Options& options, const Ledger& ledger, const Outcome& outcome);

/// The same for people.
[[nodiscard]] std::string as_text(const Options& options, const Ledger& ledger, const Outcome& outcome);

}  // namespace market_demo
