#pragma once
/// The plugin's phases, called with whatever it throws caught, and what came of each in control.fbs's terms.

#include "serving_state.hpp"

#include <span>
#include <vector>

namespace shunt::kit {

class Phases {
 public:
  Phases(shunt_runtime& runtime, std::function<Result<LoadedPlugin>()> load);

  /// Loads the object and creates the plugin.
  [[nodiscard]] control::EnteredT load();
  /// init, validate, activate or cleanup; Cleanup destroys the plugin too.
  [[nodiscard]] control::EnteredT run(control::Phase phase);
  /// SHUNT_SERVING, SHUNT_DEGRADED or SHUNT_NOT_SERVING, with a zero-terminated reason; what is none of them, or
  /// throws, does not serve.
  [[nodiscard]] int health(Hand& hand, std::span<char> reason) const noexcept;

  /// What a plugin returned: SHUNT_OK or an ErrorCode; anything else is its own failure.
  [[nodiscard]] static int checked_code(int code) noexcept;

  [[nodiscard]] const shunt_plugin& descriptor() const noexcept { return *descriptor_; }
  [[nodiscard]] void* self() const noexcept { return self_; }

 private:
  int call(control::Phase phase, std::vector<char>& text);

  shunt_runtime& runtime_;
  std::function<Result<LoadedPlugin>()> load_;
  const shunt_plugin* descriptor_ = nullptr;
  void* self_ = nullptr;
  std::vector<shunt_setting> settings_;
};

}  // namespace shunt::kit
