#include "catalog.hpp"

#include "payload_json.hpp"
#include "units.hpp"

#include <algorithm>

#include <fmt/ranges.h>

namespace shunt::host {
namespace {

/// Twice as many instances of a plugin live at once during a switch as before it, and the host itself needs chunks to
/// build in: each class covers all of their caps and the reserve.
std::vector<std::uint32_t> caps_of(const bus::PoolGeometry& pool, std::uint32_t instances) {
  std::vector<std::uint32_t> caps;
  for (const bus::SizeClass& each : pool.classes()) {
    const std::uint32_t reserve = std::max(1u, each.chunks / 8);
    caps.push_back(std::max(1u, (each.chunks - std::min(each.chunks, reserve)) / (2 * instances)));
  }
  return caps;
}

/// Libraries are descriptors of the plugin process until they are loaded, and loading opens one more.
Status check_room_for(const PluginImage& image, const PluginConfiguration& configuration) {
  constexpr std::uint32_t kOthers = 16;
  const auto& libraries = image.libraries;
  if (libraries.empty() || configuration.sandbox.open_files >= kOthers + libraries.size()) return {};
  return error(ErrorCode::BadConfiguration,
               "{}: sandbox.open_files is {}; with the {} libraries that this plugin needs, at least {} are meant",
               image.path.string(), configuration.sandbox.open_files, libraries.size(), kOthers + libraries.size());
}

/// Every instance, of the old version and of the new one, may hold a chunk of each class, and the host needs one.
Status check_room_for_instances(const PluginImage& image, const PluginConfiguration& configuration) {
  const std::uint32_t needed = 2 * configuration.instances + 1;
  for (const bus::SizeClass& each : configuration.inbound)
    if (configuration.instances > 1 && each.chunks < needed)
      return error(ErrorCode::BadConfiguration,
                   "{}: `inbound` has {} chunks of {}; for {} instances, and as many of the next version during a "
                   "switch, at least {} are meant",
                   image.path.string(), each.chunks, bytes_text(each.bytes), configuration.instances, needed);
  return {};
}

/// Which of several instances handles a message, and when, is nothing that a total order leaves open.
Status check_order(const PluginVersion& version) {
  if (version.configuration.instances == 1) return {};
  for (const auto* routes : {&version.functions, &version.topics_in})
    for (const RouteInfo* const route : *routes)
      if (route->settings.order == Order::Total)
        return error(ErrorCode::BadConfiguration,
                     "{}routes.{:?}.order is total, and {} {} has {} instances, which work side by side: leave `order` "
                     "out, or give it one instance",
                     route->settings.origin.empty() ? "" : route->settings.origin + ": ", route->name, version.name(),
                     to_string(version.image.version), version.configuration.instances);
  return {};
}

/// What a plugin publishes on a topic that keeps it has to fit there: it cannot be told that it did not.
Status check_kept(const RouteConfiguration& topic, const PluginVersion& publisher) {
  const std::uint32_t largest = publisher.shape.outbound.classes().back().bytes;
  if (topic.latched == 0 || topic.latched_bytes >= largest) return {};
  return error(ErrorCode::BadConfiguration,
               "{}routes.{:?}.latched_bytes is {}, and {} {}, which publishes it, has chunks of {} bytes: raise it, or "
               "leave these out of `outbound`",
               topic.origin.empty() ? "" : topic.origin + ": ", topic.name, topic.latched_bytes, publisher.name(),
               to_string(publisher.image.version), largest);
}

TypeName to_type_name(const PayloadType& type) { return {type.name, type.schema}; }

/// By the plugin's schema of its reply. Errors: BadConfiguration, BadSchema.
Status give_fallback(RouteInfo& route, const PluginVersion& version) {
  if (route.settings.fallback.empty() || route.fallback.is_there()) return {};
  const auto at = [&](const Error& why) {
    const std::string& origin = route.settings.origin;
    return error(ErrorCode::BadConfiguration, "{}{}routes.{:?}.fallback: {}", origin, origin.empty() ? "" : ": ",
                 route.name, why.message);
  };
  const auto& schemas = version.image.manifest.binary_schemas;
  SHUNT_TRY(schema, read_payload_schema(schemas, {route.reply.name}));
  auto reply = payload_from_json(schema, route.reply.name, route.settings.fallback);
  if (!reply) return at(reply.error());
  SHUNT_TRY(verifier, PayloadVerifier::of(schemas, route.reply.name));
  if (!verifier.accepts(*reply))
    return at(
        {ErrorCode::BadInput, fmt::format("the JSON makes no {}: it is too deep, or too large", route.reply.name)});
  route.fallback.give(*std::move(reply));
  return {};
}

/// Errors: BadConfiguration.
Status check_fallbacks(const PluginVersion& version) {
  std::vector<std::string_view> without;
  for (const RouteInfo* const each : version.functions)
    if (!each->fallback.is_there()) without.emplace_back(each->name);
  if (without.empty()) return {};
  return error(
      ErrorCode::BadConfiguration,
      "host.require_fallback: {} {} has no fallback for {}: write [routes.{:?}] with fallback = '{{...}}', and so "
      "on, or leave require_fallback out",
      version.name(), to_string(version.image.version), fmt::join(without, ", "), without.front());
}

}  // namespace

Result<std::shared_ptr<PluginVersion>> Catalog::load(const PluginConfiguration& configuration,
                                                     const PluginSource& source) {
  SHUNT_TRY(image, read(source));
  return prepare(configuration, std::move(image));
}

Result<PluginImage> Catalog::read(const PluginSource& source) const {
  SHUNT_TRY(policy, read_trust_policy(trust_, std::chrono::system_clock::now()));
  return load_plugin_image(source, policy);
}

Result<std::shared_ptr<PluginVersion>> Catalog::prepare(const PluginConfiguration& configuration, PluginImage image,
                                                        const Succeeds* succeeds) {
  SHUNT_CHECK(check_room_for(image, configuration));
  SHUNT_CHECK(check_room_for_instances(image, configuration));
  SHUNT_TRY(settings, resolve_settings(image.manifest, configuration));
  SHUNT_TRY(serving, resolve_serving(image.manifest, configuration));
  SHUNT_TRY(symbols, Symbols::read(image.descriptor.get()));
  SHUNT_TRY(shape, bus::LaneShape::of(configuration.slots, configuration.inbound, configuration.outbound));
  auto version = std::make_shared<PluginVersion>();
  version->configuration = configuration;
  version->image = std::move(image);
  version->traits = {version->image.version, configuration.tag, configuration.labels};
  version->settings = std::move(settings);
  version->serving = serving;
  version->symbols = std::make_shared<const Symbols>(std::move(symbols));
  version->shape = shape;
  version->caps = caps_of(shape.inbound, configuration.instances);
  SHUNT_CHECK(resolve_routes(*version, succeeds));  // first: one that is refused leaves no pool
  SHUNT_CHECK(check_order(*version));
  SHUNT_CHECK(find_last_wills(*version));
  SHUNT_CHECK(assign_pool(*version));
  return version;
}

Result<std::shared_ptr<PluginVersion>> Catalog::bridge(Open open, const HostConfiguration& configuration) {
  auto version = std::make_shared<PluginVersion>();
  version->bridge.emplace();
  Manifest& manifest = version->image.manifest;
  for (const RouteConfiguration& route : configuration.routes) {
    if (route.open != open) continue;
    const RouteInfo* const topic = directory_.find(route.name);
    if (topic == nullptr)
      return error(ErrorCode::BadConfiguration,
                   "{}{}routes.{:?}.open: no configured plugin hears or publishes this topic, so that nothing says of "
                   "which type it is: declare it in a plugin's manifest, or leave `open` out",
                   route.origin, route.origin.empty() ? "" : ": ", route.name);
    manifest.topics_in.push_back({route.name, {topic->request.name, topic->request.hash}});
    version->bridge->topics.push_back({route.name, topic->request.name, topic->request.hash});
  }
  if (manifest.topics_in.empty()) return std::shared_ptr<PluginVersion>{};
  manifest.topics_out = manifest.topics_in;
  SHUNT_CHECK(describe_bridge(open, configuration, *version));
  version->traits.version = version->image.version;
  SHUNT_TRY(shape, bus::LaneShape::of(version->configuration.slots, version->configuration.inbound,
                                      version->configuration.outbound));
  version->shape = shape;
  version->caps = caps_of(shape.inbound, 1);
  SHUNT_CHECK(resolve_routes(*version));
  SHUNT_CHECK(assign_pool(*version));
  return version;
}

Result<Catalog::Compartment> Catalog::make_compartment(const bus::PoolGeometry& geometry) const {
  if (only_plans_) return Compartment{geometry, nullptr};
  SHUNT_TRY(pool, InboundPool::create(geometry));
  return Compartment{geometry, std::move(pool)};
}

Status Catalog::assign_pool(PluginVersion& version) {
  const std::string& compartment = version.compartment();
  const std::lock_guard lock{mutex_};
  // What waits for a plugin, and what is built for it, lies in one pool, whichever version is going to read it.
  if (const auto known = compartment_of_.find(version.name());
      known != compartment_of_.end() && known->second != compartment)
    return error(
        ErrorCode::BadConfiguration,
        "{} {} is in the compartment \"{}\" and another version of it in \"{}\": give all versions of a plugin "
        "the same `compartment`",
        version.name(), to_string(version.image.version), compartment, known->second);
  if (!compartments_.contains(compartment)) {
    SHUNT_TRY(made, make_compartment(version.shape.inbound));
    compartments_.emplace(compartment, std::move(made));
  }
  const Compartment& assigned = compartments_.at(compartment);
  if (!std::ranges::equal(assigned.geometry.classes(), version.configuration.inbound)) {
    return error(ErrorCode::BadConfiguration,
                 "{} {}: `inbound` differs within the compartment \"{}\", whose plugins share "
                 "one pool: give all of them the same",
                 version.name(), to_string(version.image.version), compartment);
  }
  compartment_of_.emplace(version.name(), compartment);
  version.pool = assigned.pool;
  if (version.pool != nullptr && !version.image.manifest.calls.empty()) version.pool->reserve_for_replies();
  return {};
}

/// What becomes of a route of this name, where these types are not those that the older build has for it.
Beside Catalog::place_beside(const Succeeds* succeeds, const std::string& name, const std::vector<PayloadType>& types) {
  if (succeeds == nullptr) return {};
  Beside place;
  if (succeeds->older != nullptr)
    succeeds->older->for_each_part([&](RouteInfo* route, const std::vector<PayloadType>& theirs) {
      if (route->name == name) place = {theirs == types ? OtherTypes::Alike : succeeds->others, route};
    });
  if (place.route != nullptr) return place;
  const RouteInfo* const known = directory_.find(name);
  const bool is_free = known != nullptr && !succeeds->in_use.contains(known);
  return {is_free ? OtherTypes::Beside : OtherTypes::Refused, nullptr};
}

Status Catalog::resolve_routes(PluginVersion& version, const Succeeds* succeeds) {
  const Manifest& manifest = version.image.manifest;
  for (const DeclaredFunction& each : manifest.functions) {
    const std::string name = manifest.name + "/" + each.name;
    SHUNT_TRY(route, directory_.resolve(name, true, to_type_name(each.request), to_type_name(each.reply),
                                        place_beside(succeeds, name, {each.request, each.reply})));
    {
      const std::lock_guard lock{mutex_};  // two builds may be read at one time
      SHUNT_CHECK(give_fallback(*route, version));
    }
    version.repeated.resize(std::max<std::size_t>(version.repeated.size(), route->id.value + 1));
    version.repeated[route->id.value] = each.idempotent;
    version.functions.push_back(route);
  }
  if (require_fallback_) SHUNT_CHECK(check_fallbacks(version));
  for (const DeclaredCall& each : manifest.calls) {
    SHUNT_TRY(route, directory_.resolve(each.function, true, to_type_name(each.request), to_type_name(each.reply)));
    version.calls.push_back(route);
  }
  for (const auto& [topics, routes] :
       {std::pair{&manifest.topics_in, &version.topics_in}, std::pair{&manifest.topics_out, &version.topics_out}})
    for (const DeclaredTopic& each : *topics) {
      SHUNT_TRY(route, directory_.resolve(each.name, false, to_type_name(each.type), {},
                                          place_beside(succeeds, each.name, {each.type})));
      if (routes == &version.topics_out) SHUNT_CHECK(check_kept(route->settings, version));
      routes->push_back(route);
    }
  return {};
}

/// Their types come from the plugin's own schemas: nobody else is asked to read what it leaves.
Status Catalog::find_last_wills(PluginVersion& version) {
  const Manifest& manifest = version.image.manifest;
  for (std::uint32_t topic = 0; topic < manifest.topics_out.size(); ++topic) {
    const DeclaredTopic& declared = manifest.topics_out[topic];
    if (declared.last_will.empty()) continue;
    auto verifier = PayloadVerifier::of(manifest.binary_schemas, declared.type.name);
    if (!verifier)
      return error(verifier.error().code, "{}: the last will {:?} of \"{}\": {}", version.image.path.string(),
                   declared.last_will, declared.name, verifier.error().message);
    version.last_wills.emplace(topic, *std::move(verifier));
  }
  return {};
}

void prefer_routes(RouteDirectory& directory, const PluginVersion& serving, const PluginVersion* before) {
  for (const auto routes : {&PluginVersion::functions, &PluginVersion::topics_in, &PluginVersion::topics_out}) {
    std::vector<RouteInfo*> preferred = serving.*routes;
    if (before != nullptr)
      std::erase_if(preferred, [&](RouteInfo* each) { return std::ranges::count(before->*routes, each) > 0; });
    directory.prefer(preferred);
  }
}

std::vector<Permitted> PluginVersion::permitted() const {
  std::vector<Permitted> result;
  const auto of = [&](const RouteInfo* route) -> Permitted& {
    result.resize(std::max<std::size_t>(result.size(), route->id.value + 1));
    return result[route->id.value];
  };
  for (const RouteInfo* route : calls) of(route).call = true;
  for (const RouteInfo* route : topics_out) {
    of(route).publish = true;
    of(route).latch = route->latch.get();
  }
  for (std::size_t i = 0; i < functions.size(); ++i) of(functions[i]).repeat = image.manifest.functions[i].idempotent;
  for (std::size_t i = 0; i < topics_in.size(); ++i) of(topics_in[i]).repeat = image.manifest.topics_in[i].idempotent;
  return result;
}

std::map<std::uint32_t, Wanted> PluginVersion::wanted() const {
  std::map<std::uint32_t, Wanted> result;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const std::string& text = image.manifest.calls[i].version;
    if (text.empty()) continue;
    if (auto versions = VersionRange::parse(text))
      result.emplace(calls[i]->id.value, Wanted{*std::move(versions), text});
  }
  return result;
}

std::shared_ptr<Outlet> Catalog::outlet(const RouteInfo& route, const PluginVersion& version, std::uint32_t seat) {
  const std::lock_guard lock{mutex_};
  std::shared_ptr<Outlet>& outlet = outlets_[{route.id.value, version.name(), seat}];
  if (outlet != nullptr) return outlet;
  SlowConsumer policy = policy_of(route);
  if (version.bridge) policy = policy_of_bridge(policy);
  outlet = std::make_shared<Outlet>(route.id, version.name(), policy, backlog_of(route), version.configuration.slots,
                                    version.pool, version.bridge.has_value(), seat);
  return outlet;
}

}  // namespace shunt::host
