#pragma once
/// Validators of what messages mean, beyond what FlatBuffers verifies: see Host::register_validator.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

namespace shunt {

/// One type, and what came of its validator. A mean is of every 64th time, and 0 before the first.
struct ValidatorSnapshot {
  std::string type;           ///< "market.Bar"
  std::uint64_t checked = 0;  ///< Payloads that it was asked about.
  std::uint64_t refused = 0;  ///< Of these.
  std::uint64_t mean_ns = 0;  ///< That it took.
};

namespace host {

class Validator;

/// Those of a route's types; null: there is none. Set once, by any thread; release pairs with refusal().
struct RouteChecks {
  std::atomic<Validator*> request{nullptr};  ///< Of a topic: of its only type.
  std::atomic<Validator*> reply{nullptr};
};

/// Why a validator does not accept a verified root; none: it does. Any thread; runs the user's code, which may throw.
[[nodiscard]] std::optional<std::string> ask(Validator& validator, const void* root);

/// The same for whatever there is.
[[nodiscard]] inline std::optional<std::string> refusal(const std::atomic<Validator*>& check, const void* root) {
  Validator* const validator = check.load(std::memory_order_acquire);
  if (validator == nullptr) [[likely]]
    return std::nullopt;
  return ask(*validator, root);
}

}  // namespace host
}  // namespace shunt
