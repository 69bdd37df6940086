/// The route table that follows from which instances serve.

#include "supervisor.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace shunt::host {
namespace {

/// First who gets more; and side by side by compartment: one copy serves each. The seats of a consumer keep their
/// order.
void arrange(RouteEntry& entry) {
  std::ranges::stable_sort(entry.targets, {}, [](const Target& each) {
    return std::pair{each.takes, each.outlet->pool.get()};
  });
  const auto count = [&](Takes least) {
    return static_cast<std::uint32_t>(
        std::ranges::count_if(entry.targets, [&](const Target& each) { return each.takes <= least; }));
  };
  entry.is_split = std::ranges::any_of(entry.targets, [](const Target& each) { return each.split != nullptr; });
  entry.hear_host = count(Takes::Everything);
  entry.hear_plugins = count(Takes::FollowUps);
}

std::shared_ptr<const Choice> evenly(std::uint32_t seats, const std::shared_ptr<const Choice>& before) {
  std::vector<Share> shares;
  for (std::uint32_t seat = 0; seat < seats; ++seat) shares.push_back({seat, 1});
  return before != nullptr && before->is_of(shares) ? before : Choice::of(shares, before.get());
}

}  // namespace

/// Between the seats of a plugin; null where it has one. One that says that it does not serve gets no calls.
struct Supervisor::Splits {
  std::shared_ptr<const Split> calls{};
  std::shared_ptr<const Split> publications{};
};

Supervisor::Splits Supervisor::splits_of(Plugin& plugin) {
  if (plugin.width() < 2) return {};
  plugin.choice = evenly(plugin.width(), plugin.choice);
  std::vector<bool> is_there;
  std::vector<bool> serves;
  for (std::uint32_t number = 0; number < plugin.width(); ++number) {
    const Seat& seat = plugin.seats[number];
    const Health* const health = health_of(seat);
    is_there.push_back(seat.current != nullptr || seat.leaving != nullptr);
    serves.push_back(is_there.back() && (health == nullptr || health->state != HealthState::NotServing));
  }
  return {std::make_shared<const Split>(plugin.choice, std::move(serves)),
          std::make_shared<const Split>(plugin.choice, std::move(is_there))};
}

/// The seats of the version that serves.
void Supervisor::add_seats(RouteEntry& entry, const Plugin& plugin, Takes takes,
                           const std::shared_ptr<const Split>& split) {
  for (std::uint32_t number = 0; number < plugin.width(); ++number) {
    const Seat& seat = plugin.seats[number];
    const bool waits = seat.before.had_all && entry.info->settings.order == Order::Total;
    entry.targets.push_back({.outlet = catalog_.outlet(*entry.info, *plugin.serving, number),
                             .instance = waits                     ? nullptr
                                         : seat.current != nullptr ? seat.current
                                                                   : seat.leaving,
                             .takes = takes,
                             .place = static_cast<std::uint8_t>(number),
                             .split = split});
  }
}

/// Whom a switch led away from: for chains that began before it, and for what waits before seats that are gone.
void Supervisor::add_seats_before(RouteTable& table, const Plugin& plugin) {
  std::vector<bool> up;
  const PluginVersion* led_away_from = nullptr;
  for (const Seat& seat : plugin.seats) {
    up.push_back(seat.before.instance != nullptr);
    if (up.back()) led_away_from = seat.before.version.get();
  }
  if (led_away_from == nullptr) return;
  const PluginVersion& version = *led_away_from;
  const auto count = static_cast<std::uint32_t>(plugin.seats.size());
  const auto split = count < 2 ? nullptr : std::make_shared<const Split>(evenly(count, plugin.choice), up);
  for (std::uint32_t number = 0; number < count; ++number) {
    const Seat::Before& before = plugin.seats[number].before;
    const bool is_gone = number >= plugin.width();
    const auto target_of = [&](const RouteInfo& route) {
      return Target{.outlet = catalog_.outlet(route, version, number),
                    .instance = before.instance,
                    .takes = is_gone ? Takes::Nothing : Takes::Everything,
                    .place = static_cast<std::uint8_t>(number),
                    .split = split};
    };
    for (const RouteInfo* route : version.functions) {
      RouteEntry& entry = table.routes[route->id.value];
      entry.before.push_back(target_of(*route));
      if (before.instance == nullptr) continue;
      entry.version_before = version.image.version;
      if (!is_gone)
        for (Target& target : entry.targets)
          if (target.outlet->seat == number) target.earlier = before.instance;
    }
    if (!is_gone || before.instance == nullptr) continue;
    for (const RouteInfo* route : version.topics_in) {
      Target target = target_of(*route);
      target.split = nullptr;
      table.routes[route->id.value].targets.push_back(std::move(target));
    }
  }
}

void Supervisor::publish_table() {
  RouteTable table;
  table.epoch = ++epoch_;
  table.chains = chains_;
  table.routes.resize(directory_.size() + 1);
  const auto entry_of = [&](const RouteInfo& route, RouteKind kind) -> RouteEntry& {
    RouteEntry& entry = table.routes[route.id.value];
    entry.kind = kind;
    entry.info = &route;
    return entry;
  };
  for (auto& [name, plugin] : plugins_) {
    const PluginVersion& version = *plugin.serving;
    const std::string why_down = why_off(plugin, name);
    const bool is_gone = is_down(plugin);
    const Takes off = plugin.follow_ups && !is_gone ? Takes::FollowUps : Takes::Nothing;
    const Takes takes = why_down.empty() ? Takes::Everything : off;
    const std::string why_no_calls = why_down.empty() ? why_unhealthy(plugin, name) : why_down;
    const Splits splits = splits_of(plugin);
    for (const RouteInfo* route : version.functions) {
      RouteEntry& entry = entry_of(*route, RouteKind::Function);
      add_seats(entry, plugin, takes, splits.calls);
      entry.version = version.image.version;
      entry.down = !why_no_calls.empty();
      entry.follow_ups = takes == Takes::FollowUps;
      entry.starts = entry.follow_ups && plugin.held;
      entry.why_down = why_no_calls;
    }
    for (const RouteInfo* route : version.topics_out) entry_of(*route, RouteKind::Topic);
    for (const RouteInfo* route : version.topics_in) {
      RouteEntry& entry = entry_of(*route, RouteKind::Topic);
      if (!is_gone) add_seats(entry, plugin, takes, splits.publications);
    }
    for (std::uint32_t number = 0; number < plugin.seats.size(); ++number) {
      const Seat::Before& before = plugin.seats[number].before;
      if (before.instance == nullptr) continue;
      for (const RouteInfo* route : before.version->functions) entry_of(*route, RouteKind::Function);
      if (number < plugin.width()) continue;
      for (const RouteInfo* route : before.version->topics_in) entry_of(*route, RouteKind::Topic);
    }
    add_seats_before(table, plugin);
  }
  for (const auto& inbox : inboxes_) entry_of(inbox->route, RouteKind::Topic).inboxes.push_back(inbox);
  for (RouteEntry& entry : table.routes) {
    if (entry.kind == RouteKind::None) continue;
    if (std::string why_down = why_off(*entry.info); !why_down.empty()) {
      entry.down = true;
      entry.follow_ups = false;
      entry.starts = false;
      entry.why_down = std::move(why_down);
    }
    arrange(entry);
  }
  hub_->exchange(std::move(table));
}

/// After whose name it is off its routes, a sentence with it; empty: it is not.
std::string Supervisor::why_off(const Plugin& plugin, const std::string& name) const {
  if (plugin.stopped) return fmt::format("\"{}\" {}", name, plugin.why_down);
  if (plugin.held) return fmt::format("\"{}\" is being restarted", name);
  const std::string_view why = host::why_off(plugin_admissions_.of(name));
  return why.empty() ? std::string{} : fmt::format("\"{}\" {}", name, why);
}

std::string Supervisor::why_off(const RouteInfo& route) const {
  if (stopped_routes_.contains(route.name)) return fmt::format("\"{}\" was stopped: see `shunt restart`", route.name);
  const std::string_view why = host::why_off(route_admissions_.of(route.name));
  return why.empty() ? std::string{} : fmt::format("\"{}\" {}", route.name, why);
}

/// What waits for a plugin that is stopped: requests fail, publications are dropped. They would hold their chunks, and
/// it would hear old ones first after a restart.
std::uint32_t Supervisor::end_waiting(const std::string& name, const Error& why) {
  hub_->fail_waiting(name, why);
  std::uint32_t dropped = 0;
  catalog_.for_each_outlet([&](Outlet& outlet) {
    if (outlet.consumer != name || directory_.at(outlet.route)->function) return;
    dropped += outlet.drop([&](const QueuedMessage& message) { Hub::let_go(message.header, *outlet.pool); });
  });
  return dropped;
}

namespace {

/// A table's name stands in a binary schema as FlatBuffers writes strings: its length, its text, a zero. The text alone
/// would also be found within a longer name.
bool declares(const BinarySchema& schema, const std::string& type) {
  std::string written(sizeof(std::uint32_t), '\0');
  const auto length = static_cast<std::uint32_t>(type.size());
  std::memcpy(written.data(), &length, sizeof length);  // little-endian on every machine that Shunt runs on
  written.append(type).push_back('\0');
  const std::string_view text{reinterpret_cast<const char*>(schema.bytes.data()), schema.bytes.size()};
  return text.find(written) != std::string_view::npos;
}

}  // namespace

std::vector<std::byte> Supervisor::schema_of(std::string_view route, SchemaPart part) const {
  for (const auto& [name, plugin] : plugins_)
    for (const auto& version : plugin.versions)
      for (const auto* routes : {&version->functions, &version->calls, &version->topics_in, &version->topics_out})
        for (const RouteInfo* each : *routes) {
          if (each->name != route) continue;
          const std::string& type = part == SchemaPart::Reply ? each->reply.name : each->request.name;
          for (const BinarySchema& schema : version->image.manifest.binary_schemas)
            if (declares(schema, type)) return schema.bytes;
        }
  return {};
}

std::vector<KnownVersion> Supervisor::versions_of(const std::string& plugin) const {
  std::vector<KnownVersion> result;
  const auto found = plugins_.find(plugin);
  if (found == plugins_.end()) return result;
  for (const auto& each : found->second.versions)
    result.push_back(
        {to_string(each->image.version), each->image.path, each == found->second.serving && found->second.is_served()});
  return result;
}

std::vector<std::string> Supervisor::publishers_of(std::string_view topic) const {
  std::vector<std::string> result;
  for (const auto& [name, plugin] : plugins_)
    if (plugin.is_served() &&
        std::ranges::any_of(plugin.serving->topics_out, [&](const RouteInfo* each) { return each->name == topic; }))
      result.push_back(name);
  return result;
}

void Supervisor::add_inbox(std::shared_ptr<Inbox> inbox) {
  inboxes_.push_back(std::move(inbox));
  publish_table();
}

void Supervisor::remove_inbox(const Inbox& inbox) {
  std::erase_if(inboxes_, [&](const auto& each) { return each.get() == &inbox; });
  publish_table();
}

}  // namespace shunt::host
