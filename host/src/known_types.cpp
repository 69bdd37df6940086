#include "known_types.hpp"

#include "payload_schema.hpp"
#include "schema_change.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <string>
#include <utility>

namespace shunt::host {
namespace {

bool has_part(const Manifest& manifest, const RouteInfo& route) {
  const auto is_it = [&](const auto& each) { return each.name == route.name; };
  return std::ranges::any_of(manifest.functions,
                             [&](const auto& each) { return manifest.name + "/" + each.name == route.name; }) ||
         std::ranges::any_of(manifest.topics_in, is_it) || std::ranges::any_of(manifest.topics_out, is_it);
}

}  // namespace

void KnownTypes::add(const PluginVersion& version) {
  std::shared_ptr<const std::vector<BinarySchema>> schemas;
  version.for_each_part([&](const RouteInfo* route, std::vector<PayloadType> types) {
    if (std::ranges::any_of(known_, [&](const Known& each) { return each.route == route && each.types == types; }))
      return;
    if (schemas == nullptr)
      schemas = std::make_shared<const std::vector<BinarySchema>>(version.image.manifest.binary_schemas);
    known_.push_back({route, std::move(types), schemas});
  });
}

KnownTypes KnownTypes::of(const PluginVersion& serving) const {
  KnownTypes theirs;
  std::ranges::copy_if(known_, std::back_inserter(theirs.known_), [&](const Known& each) {
    return std::ranges::any_of(std::array{&serving.functions, &serving.topics_in, &serving.topics_out},
                               [&](const auto* routes) { return std::ranges::count(*routes, each.route) > 0; });
  });
  return theirs;
}

bool KnownTypes::conform(const Manifest& came, const PluginComparison& compared) const {
  return std::ranges::all_of(known_, [&](const Known& each) {
    if (!has_part(came, *each.route)) return true;
    std::set<std::string> roots;
    for (const PayloadType& type : each.types) roots.insert(type.name);
    const auto before = read_payload_schema(*each.schemas, roots);
    const auto now = read_payload_schema(came.binary_schemas, roots);
    const auto is_in_place = [&](const PayloadSchema& older, const PayloadSchema& newer) {
      return decide(compared.abi, compared.tool_chain, compare_schemas(older, newer).change) == Compatibility::InPlace;
    };
    return before && now && (is_in_place(*before, *now) || is_in_place(*now, *before));
  });
}

}  // namespace shunt::host
