#pragma once
/// What the supervisor says of a plugin to who has read a new build of it, and what that one wants.

#include "catalog.hpp"
#include "known_types.hpp"
#include "reload_decision.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace shunt::host {

struct InService {
  std::shared_ptr<PluginVersion> version{};             ///< That serves, or shall; null: there is no such plugin.
  std::vector<std::shared_ptr<PluginVersion>> known{};  ///< All that could.
  Users users{};                                        ///< Of what it has.
  KnownTypes known_types{};                             ///< By which somebody may know what it has.
  std::set<const RouteInfo*> in_use{};                  ///< Topics of others and of the host, and what others call.

  /// The one with these bytes; null: none has.
  [[nodiscard]] std::shared_ptr<PluginVersion> with_bytes(const std::string& sha256) const {
    for (const auto& each : known)
      if (each->image.sha256 == sha256) return each;
    return nullptr;
  }
};

struct Reload {
  std::shared_ptr<PluginVersion> version;       ///< That shall serve.
  std::shared_ptr<PluginVersion> instead_of{};  ///< Null: there is no such plugin.
  std::vector<std::string> lost{};  ///< What it lacks, by the names of InterfaceChange: of which nobody makes use.
};

/// `superseded`: what it was decided from does not hold any more; nothing has changed, and it is decided once more.
using Reloaded = std::function<void(Status status, bool superseded)>;

}  // namespace shunt::host
