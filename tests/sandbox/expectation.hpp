#pragma once
/// What stops each act in each tier, as a table.
///
///     const Expectation expected = expectation_of(act, Tier::Full, Moment::Serving);
///     EXPECT_TRUE(expected.allows(stopped_by));

#include "acts/act.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shunt::test {

/// What the machine lets a launcher have.
enum class Tier : std::uint8_t {
  Full,               ///< Everything that this user can have here.
  WithoutNamespaces,  ///< Making them is refused.
  WithoutListener,    ///< A filter can have no listener: nothing is judged or recorded.
};
inline constexpr Tier kTiers[] = {Tier::Full, Tier::WithoutNamespaces, Tier::WithoutListener};
[[nodiscard]] std::string_view name(Tier tier);

/// When it is tried: while the plugin serves, or in a constructor, while it is loaded.
enum class Moment : std::uint8_t { Serving, Loading };
inline constexpr Moment kMoments[] = {Moment::Serving, Moment::Loading};
[[nodiscard]] std::string_view name(Moment moment);

struct Expectation {
  std::vector<int> errors{};  ///< One of these stops it; empty: it ends the plugin, by SIGSYS.
  bool recorded = false;      ///< And a record names its call.

  [[nodiscard]] bool allows(int stopped_by) const;
};

[[nodiscard]] Expectation expectation_of(const hostile::Act& act, Tier tier, Moment moment);

/// "ENOSYS or EACCES, recorded"
[[nodiscard]] std::string to_string(const Expectation& expected);
/// "ENOSYS"; of 0: "nothing".
[[nodiscard]] std::string name_of_error(int number);

/// Of an act that no moment of loading can try, why; else empty.
[[nodiscard]] std::string_view why_not_at(Moment moment, const hostile::Act& act);

}  // namespace shunt::test
