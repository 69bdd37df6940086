#pragma once
/// What has to hold before a rollout begins: a list of checks over what is known of the plugin, its version that shall
/// take over, and the host. Values: who gathers the facts is somebody else.
///
///     const auto checks = preflight(facts);
///     if (blocks(checks)) return refuse(checks);
///
/// What nothing measures blocks nothing, and says so: "not configured".

#include <shunt/host/rollout.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shunt::host {

/// Those of `part` that are as they should be, of all that were looked at.
struct Portion {
  std::uint64_t good = 0;
  std::uint64_t all = 0;
};

struct PreflightFacts {
  struct Pool {
    std::string name{};  ///< "momentum, 4 KiB".
    std::uint64_t in_use = 0;
    std::uint64_t chunks = 0;
    std::uint64_t refused_lately = 0;  ///< Messages for want of a chunk, while it has been ready.
  };
  std::vector<Pool> pools{};
  std::optional<std::chrono::nanoseconds> lag{};            ///< How long the oldest message that waits has waited.
  std::uint64_t backlog = 0;                                ///< Messages that wait before the plugin.
  std::optional<Portion> scrapes{};                         ///< Of its metrics, that came.
  std::optional<std::chrono::nanoseconds> key_valid_for{};  ///< Of who signed the version.
  std::optional<std::chrono::nanoseconds> ready_for{};      ///< Since it is up without a break; none: it is not.
  std::optional<Portion> traces{};                          ///< Messages that were sampled, of those that should be.
  std::optional<Portion> log_lines{};                       ///< That had trace, plugin and status.
  std::optional<std::string> unhealthy{};                   ///< Why it does not serve, by its own word; none: it does.
  std::string configuration_change{};  ///< What differs from the version that serves; empty: nothing.
  bool change_confirmed = false;       ///< By a person.
  std::vector<std::string> wider{};    ///< Permissions that the version that serves has not.
  bool executable_stack = false;
  struct Lts {
    std::string why_not_conforming{};  ///< Empty: it conforms to the live interface.
    bool answered = false;             ///< A probe, by a good answer.
  };
  std::optional<Lts> lts{};    ///< Of the plugin's routes; none: none is configured.
  bool switch_drains = false;  ///< The previous switch of the plugin is not over.
  std::string why_no_quota{};  ///< Why its pools do not fit into what there is; empty: they do.
};

/// All of them, always in the same order.
[[nodiscard]] Preflight preflight(const PreflightFacts& facts, const PreflightLimits& limits = {});

}  // namespace shunt::host
