#pragma once
/// Every act of the hostile plugin, tried in one tier of the sandbox, and what stopped it.
///
///     const Trial trial = try_acts(Tier::Full, stage);
///     EXPECT_EQ(trial.escaped(), 0u);

#include "stage.hpp"

#include <shunt/host/event.hpp>

#include <optional>
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

/// What stops an act in a tier; `early`: in a constructor, while the plugin is loaded.
enum class Moment : std::uint8_t { Serving, Loading };
[[nodiscard]] hostile::Stop expected_stop(const hostile::Act& act, Tier tier, Moment moment);

struct Attempt {
  const hostile::Act* act = nullptr;
  Moment moment = Moment::Serving;
  int stopped_by = 0;    ///< An errno; 0: nothing stopped it.
  bool killed = false;   ///< By SIGSYS.
  bool audited = false;  ///< There is a record of it.

  /// As expected in `tier`; what it was instead, as a sentence.
  [[nodiscard]] std::optional<std::string> surprise(Tier tier) const;
  [[nodiscard]] bool escaped() const noexcept { return stopped_by == 0 && !killed; }
};

/// Starts a host with the hostile plugin in this tier and lets it try everything.
[[nodiscard]] std::vector<Attempt> try_acts(Tier tier, const ActStage& stage);

}  // namespace shunt::test
