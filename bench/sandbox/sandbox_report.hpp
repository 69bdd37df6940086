#pragma once
/// What the sandbox costs, for people and for programs.

#include "verdicts.hpp"

#include <shunt/bench/report.hpp>

#include <string>

namespace shunt::bench {

/// JSON: lines of one object each, the last with its newline. Table: with its heading and what it means.
[[nodiscard]] std::string json_of(const BothCounts& counts, Wait wait, const Origin& origin);
[[nodiscard]] std::string table_of(const BothCounts& counts, Wait wait);
[[nodiscard]] std::string json_of(const RoundTrips& trips, Wait wait, const Origin& origin);
[[nodiscard]] std::string table_of(const RoundTrips& trips, Wait wait);
[[nodiscard]] std::string json_of(const Starts& starts, const Origin& origin);
[[nodiscard]] std::string table_of(const Starts& starts);

}  // namespace shunt::bench
