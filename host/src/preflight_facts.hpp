#pragma once
/// Who a rollout is about, and what of it has to be found out away from the control loop: whoever asks for it reads
/// files.

#include "catalog.hpp"
#include "labels.hpp"
#include "preflight.hpp"

#include <shunt/host/rollout.hpp>
#include <shunt/host/signing.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace shunt::host {

struct RolloutSubject {
  std::shared_ptr<PluginVersion> baseline;  ///< That serves.
  std::shared_ptr<PluginVersion> newer;
};

/// How a rollout divides what goes to its plugin.
struct Division {
  bool ends = true;                ///< Not at all: all goes to who serves.
  std::uint32_t share = 0;         ///< Of 1,000 messages so many are for the newer version.
  std::uint32_t shadow_share = 0;  ///< Of 1,000 it gets copies of so many; then nothing is shared.
  Labels select{};                 ///< What hints mean it by, beside its own labels.

  friend bool operator==(const Division&, const Division&) = default;
};

struct Surroundings {
  std::vector<PublicKey> keys{};       ///< That the configuration names now.
  std::uint64_t memory_available = 0;  ///< Bytes, as the kernel says (MemAvailable of /proc/meminfo).

  /// Blocks for files. Errors: BadConfiguration, System.
  [[nodiscard]] static Result<Surroundings> look(const TrustConfiguration& trust);
};

using FactsFound = std::function<void(PreflightFacts)>;

/// What two entries of host.toml, with what manifests make of them, say differently; empty: nothing that matters to how
/// an instance runs.
[[nodiscard]] std::string configuration_difference(const PluginVersion& older, const PluginVersion& newer);

}  // namespace shunt::host
