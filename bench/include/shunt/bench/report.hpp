#pragma once
/// What a run found, for people and for programs.

#include <shunt/bench/run.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace shunt::bench {

/// Where and of what the numbers are.
struct Origin {
  std::string machine;   ///< Processor and cores.
  std::string governor;  ///< Of the first core's frequency; "none" where there is none to set.
  std::string commit;    ///< Of the sources, with "-dirty" when they were changed.
};

Origin origin_here();

/// As a string of JSON, with its quotation marks.
std::string json_string(std::string_view text);

/// One line of JSON, without the newline: every key of the outcome and its run, numbers null when it is unavailable.
std::string to_json(const Outcome& outcome, const BenchOptions& options, const Origin& origin);

/// The table, with its heading and what each column means.
std::string to_table(const std::vector<Outcome>& outcomes, const BenchOptions& options, const Origin& origin);

}  // namespace shunt::bench
