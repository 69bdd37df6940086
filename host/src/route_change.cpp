#include "route_change.hpp"

#include <map>

#include <fmt/format.h>

namespace shunt {
namespace {

struct Route {
  std::vector<PayloadType> types;  ///< Request and reply, or what a topic carries.
  bool is_call = false;
};
using Routes = std::map<std::string, Route>;

Routes routes_of(const Manifest& manifest) {
  Routes routes;
  for (const auto& each : manifest.functions) routes["function " + each.name] = {{each.request, each.reply}};
  for (const auto& each : manifest.topics_in) routes["topic in " + each.name] = {{each.type}};
  for (const auto& each : manifest.topics_out) routes["topic out " + each.name] = {{each.type}};
  for (const auto& each : manifest.calls) routes["call of " + each.function] = {{each.request, each.reply}, true};
  return routes;
}

}  // namespace

RouteDifference compare_routes(const Manifest& older, const Manifest& newer) {
  RouteDifference difference;
  const Routes before = routes_of(older), now = routes_of(newer);
  for (const auto& [name, was] : before) {
    const auto is = now.find(name);
    if (is == now.end()) {
      if (!was.is_call) difference.broken.push_back(name + " was removed");
      continue;
    }
    for (std::size_t i = 0; i < was.types.size(); ++i) {
      const PayloadType &type = was.types[i], &type_now = is->second.types[i];
      if (type.name != type_now.name)
        difference.broken.push_back(fmt::format("{} carried {} and carries {}", name, type.name, type_now.name));
      else difference.shared.insert(type.name);
      if (type.name == type_now.name && type.schema != type_now.schema) difference.rehashed.insert(type.name);
    }
  }
  for (const auto& [name, is] : now)
    if (!before.contains(name)) difference.added.push_back(name);
  return difference;
}

}  // namespace shunt
