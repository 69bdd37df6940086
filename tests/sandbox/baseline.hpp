#pragma once
/// Acts where nothing confines them: they succeed, or it is known why they cannot here.
///
///     const Baseline baseline = baseline_of(act);
///     if (!baseline.succeeded && baseline.reason.empty()) ...  // a surprise

#include "acts/act.hpp"

#include <string_view>

namespace shunt::test {

struct Baseline {
  bool succeeded = false;
  int stopped_by = 0;         ///< An errno; -1: the child died.
  std::string_view reason{};  ///< Why it cannot succeed as this user and on this kernel; empty: nobody knows.
};

inline constexpr std::size_t kNotTestableMax = 5;

/// Tries it on a stage of its own.
[[nodiscard]] Baseline baseline_of(const hostile::Act& act);

}  // namespace shunt::test
