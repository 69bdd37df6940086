#include "configured_routes.hpp"

#include "route_prefix.hpp"

#include <shunt/schemas/nearest.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

namespace shunt::host {
namespace {

/// What stands in the manifests of the configured plugins.
struct Declared {
  std::set<std::string_view> plugins;
  std::set<std::string_view> routes;  ///< That they serve, hear and make.
  std::set<std::string_view> called;  ///< Functions, which may be of other plugins.

  explicit Declared(const std::vector<std::shared_ptr<PluginVersion>>& versions) {
    for (const auto& version : versions) {
      plugins.insert(version->name());
      for (const auto* of : {&version->functions, &version->topics_in, &version->topics_out})
        for (const RouteInfo* each : *of) routes.insert(each->name);
      for (const RouteInfo* each : version->calls) called.insert(each->name);
    }
  }

  /// Functions, or topics; of `plugin` only, unless it is empty.
  [[nodiscard]] std::vector<std::string_view> like(std::string_view route, std::string_view plugin) const {
    std::vector<std::string_view> result;
    for (const std::string_view each : routes)
      if (plugin_of(each).empty() == plugin_of(route).empty() && (plugin.empty() || plugin_of(each) == plugin))
        result.push_back(each);
    return result;
  }

  /// Empty for a topic.
  static std::string_view plugin_of(std::string_view route) {
    const auto slash = route.find('/');
    return slash == std::string_view::npos ? std::string_view{} : route.substr(0, slash);
  }
};

}  // namespace

Status check_configured_routes(const std::vector<RouteConfiguration>& routes,
                               const std::vector<std::shared_ptr<PluginVersion>>& plugins, EventLog& events) {
  const Declared declared{plugins};
  for (const RouteConfiguration& route : routes) {
    const bool is_prefix = is_route_prefix(route.name);
    const auto is_meant = [&](std::string_view each) { return prefix_covers(route.name, each); };
    if (is_prefix ? std::ranges::any_of(declared.routes, is_meant) : declared.routes.contains(route.name)) continue;
    const std::string at = route.origin.empty() ? "" : route.origin + ": ";
    const std::string_view plugin = Declared::plugin_of(route.name);
    if (declared.plugins.contains(plugin))
      return error(ErrorCode::BadConfiguration, "{}routes.{:?}: the plugin {} has no such function; {}", at, route.name,
                   plugin, suggestion(route.name, declared.like(route.name, plugin)));
    std::optional<std::string_view> meant;
    if (!declared.called.contains(route.name)) meant = nearest(route.name, declared.like(route.name, {}));
    events.add({.kind = HostEventKind::RouteUndeclared,
                .text = fmt::format("{}routes.{:?} is of no configured plugin{}: it is for one that joins by "
                                    "hand",
                                    at, route.name, meant ? fmt::format(" (did you mean {:?}?)", *meant) : "")});
  }
  return {};
}

}  // namespace shunt::host
