#pragma once
/// The probe plugin (tests/kit-contract/probe) under a runner. Its class is in a namespace without a name, so that one
/// file has it and the others reach it through its descriptor.

#include "probe_contract.hpp"

#include <shunt/test.hpp>

namespace shunt::test {

using ProbeRunner = Runner<probe::Contract>;

/// The descriptor that SHUNT_PLUGIN exports.
inline const shunt_plugin& probe_plugin() { return shunt_plugin_descriptor; }

inline Settings with(std::initializer_list<std::pair<std::string_view, SettingValue>> more = {}) {
  Settings settings(more);
  settings.add("account", "a");
  return settings;
}

/// One that serves.
class ProbeTest {
 protected:
  ProbeTest() : started_(probe_.start()) {}

  ProbeRunner probe_{probe_plugin(), with()};
  Status started_;
};

inline auto question(std::int64_t number) {
  return [number](auto& build) { return probe::CreateQuestion(build, number); };
}

inline auto response(std::int64_t number) {
  return [number](auto& build) { return probe::CreateResponse(build, number); };
}

template <typename T>
std::string said(const Result<T>& result) {
  return result ? "success" : to_string(result.error());
}

}  // namespace shunt::test
