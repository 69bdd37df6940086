#pragma once
/// Whether the routes of a configuration are those of its plugins: a name mistyped there would be obeyed by nobody.

#include "catalog.hpp"
#include "event_log.hpp"

#include <memory>
#include <vector>

namespace shunt::host {

/// Once every configured plugin is loaded. A route that none of them has may come with one that joins by hand: an event
/// says so. Errors: BadConfiguration (a function that a configured plugin does not have), with its place and the name
/// that was meant.
[[nodiscard]] Status check_configured_routes(const std::vector<RouteConfiguration>& routes,
                                             const std::vector<std::shared_ptr<PluginVersion>>& plugins,
                                             EventLog& events);

}  // namespace shunt::host
