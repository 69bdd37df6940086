#pragma once
/// How long an instance may stay in a state, and by which of its deadlines.
///
///     const auto [phase, limit] = bound_of(State::Attached, deadlines);   // "init", 5 s

#include "lifecycle.hpp"

#include <shunt/host/configuration.hpp>

#include <chrono>
#include <string_view>

namespace shunt::host {

inline constexpr std::chrono::seconds kExitBound{2};  ///< For a process whose end is awaited.

struct Bound {
  std::string_view phase;            ///< As the key of `deadlines` calls it; empty for the exit.
  std::chrono::nanoseconds limit{};  ///< 0: none.
};
[[nodiscard]] Bound bound_of(State state, const PhaseDeadlines& deadlines) noexcept;

}  // namespace shunt::host
