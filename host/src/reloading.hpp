#pragma once
/// What the supervisor says of a plugin to who has read a new build of it.

#include "catalog.hpp"
#include "reload_decision.hpp"

#include <memory>
#include <vector>

namespace shunt::host {

struct InService {
  std::shared_ptr<PluginVersion> version{};             ///< That serves, or shall; null: there is no such plugin.
  std::vector<std::shared_ptr<PluginVersion>> known{};  ///< All that could.
  Users users{};                                        ///< Of what it has.

  /// The one with these bytes; null: none has.
  [[nodiscard]] std::shared_ptr<PluginVersion> with_bytes(const std::string& sha256) const {
    for (const auto& each : known)
      if (each->image.sha256 == sha256) return each;
    return nullptr;
  }
};

}  // namespace shunt::host
