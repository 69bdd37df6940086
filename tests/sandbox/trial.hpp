#pragma once
/// Every act of the hostile plugin, tried in one tier of the sandbox, and what stopped it.
///
///     for (const Attempt& each : try_acts(Tier::Full, stage)) EXPECT_FALSE(each.surprise());

#include "expectation.hpp"
#include "stage.hpp"

#include <optional>
#include <string>
#include <vector>

namespace shunt::test {

struct Attempt {
  const hostile::Act* act = nullptr;
  Tier tier = Tier::Full;
  Moment moment = Moment::Serving;
  int stopped_by = 0;    ///< An errno; 0: nothing stopped it; EIO: its plugin or its host died, of something else.
  bool killed = false;   ///< By SIGSYS.
  bool audited = false;  ///< A record of this phase names its call.

  [[nodiscard]] bool escaped() const noexcept { return stopped_by == 0 && !killed; }
  [[nodiscard]] std::string outcome() const;
  /// What was not as expected, as a sentence.
  [[nodiscard]] std::optional<std::string> surprise() const;
};

/// Starts a host with the hostile plugin in this tier and lets it try everything.
[[nodiscard]] std::vector<Attempt> try_acts(Tier tier, const ActStage& stage);

}  // namespace shunt::test
