/// The route table that follows from which instances serve.

#include "supervisor.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <set>
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
  entry.is_split |= std::ranges::any_of(entry.targets, [](const Target& each) { return each.split != nullptr; });
  entry.hear_host = count(Takes::Everything);
  entry.hear_plugins = count(Takes::FollowUps);
}

/// Seats of one plugin, each with its part of what comes.
class Members {
 public:
  /// All of one version, which get `part` together.
  void add(std::span<const std::uint32_t> numbers, std::uint32_t part, bool on = true) {
    groups_.push_back({{numbers.begin(), numbers.end()}, part, on});
    each_ = std::lcm(each_, static_cast<std::uint32_t>(numbers.size()));
  }
  [[nodiscard]] bool is_on(std::uint32_t group) const { return groups_[group].on; }
  [[nodiscard]] std::vector<Share> shares() const {
    std::vector<Share> shares;
    for (const Group& group : groups_)
      for (const std::uint32_t number : group.numbers)
        shares.push_back({number, group.part * (each_ / static_cast<std::uint32_t>(group.numbers.size()))});
    return shares;
  }
  /// `visit(number, group)`, by place.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (std::uint32_t group = 0; group < groups_.size(); ++group)
      for (const std::uint32_t number : groups_[group].numbers) visit(number, group);
  }

 private:
  struct Group {
    std::vector<std::uint32_t> numbers;
    std::uint32_t part = 1;
    bool on = true;
  };
  std::vector<Group> groups_;
  std::uint32_t each_ = 1;  // 140 at most, of numbers that come to 16
};

/// The one before where nothing has changed, and that of another route where it is the same: it takes some microseconds
/// to make, and 10 KiB.
void choose(std::shared_ptr<const Choice>& choice, const std::vector<Share>& shares, Plugin::Made& last) {
  if (choice != nullptr && choice->is_of(shares)) return;
  if (last.choice == nullptr || last.before != choice || !last.choice->is_of(shares))
    last = {choice, Choice::of(shares, choice.get())};
  choice = last.choice;
}

/// Those of the table of before, or of another route, where they are the same. None of a bridge.
std::shared_ptr<const Candidates> candidates_of(Plugin& plugin, std::vector<Candidates::Seat> seats) {
  if (plugin.serving->bridge) return nullptr;
  const auto known = std::ranges::find_if(plugin.candidates, [&](const auto& each) { return each->seats == seats; });
  if (known != plugin.candidates.end()) return *known;
  constexpr std::size_t kKept = 16;
  if (plugin.candidates.size() == kKept) plugin.candidates.erase(plugin.candidates.begin());
  return plugin.candidates.emplace_back(std::make_shared<const Candidates>(std::move(seats)));
}

/// Null: there is no shadow, or it has not got the route.
std::shared_ptr<const Mirroring> mirroring_of(const RouteEntry& entry, const Plugin& plugin) {
  const Shadow& shadow = plugin.shadow;
  if (shadow.version == nullptr) return nullptr;
  const auto& routes = entry.kind == RouteKind::Function ? shadow.version->functions : shadow.version->topics_in;
  if (std::ranges::find(routes, entry.info) == routes.end()) return nullptr;
  auto mirroring = std::make_shared<Mirroring>();
  mirroring->book = plugin.shadow_book;
  mirroring->outcomes = plugin.measured_on(entry.info->id.value, *shadow.version);
  for (const auto& [number, seat] : plugin.shadow_seats)
    if (seat.current != nullptr) mirroring->instances.push_back(seat.current);
  return mirroring;
}

/// What hints mean it by: its own, unless a rollout says otherwise.
std::shared_ptr<const Traits> traits_of(const Plugin& plugin, const std::shared_ptr<PluginVersion>& version) {
  const auto given = plugin.traits.find(version);
  return given == plugin.traits.end() ? std::shared_ptr<const Traits>{version, &version->traits} : given->second;
}

}  // namespace

/// One that says that it does not serve gets no calls while another does.
Split::Place Supervisor::place_of(const Seat& seat, RouteKind kind, std::uint32_t group) const {
  const Health* const health = health_of(seat);
  const bool serves = kind == RouteKind::Topic || health == nullptr || health->state != HealthState::NotServing;
  return {.group = group,
          .up = serves && (seat.current != nullptr || seat.leaving != nullptr),
          .comes_back = !seat.backoff.is_quarantined()};
}

/// Those that share the route; without shares, those of the version that serves.
void Supervisor::add_seats(RouteEntry& entry, Plugin& plugin, Takes takes) {
  const auto numbers_of = [&](const std::shared_ptr<PluginVersion>& version) {
    std::vector<std::uint32_t> numbers;
    for (const auto& [number, seat] : plugin.seats)
      if (seat.version == version && !seat.gone) numbers.push_back(number);
    return numbers;
  };
  const std::uint32_t route = entry.info->id.value;
  Members members;
  for (const VersionShare& share : plugin.shares_now(route))
    members.add(numbers_of(share.version), share.part(), share.on);
  std::vector<Split::Place> places;
  members.for_each([&](std::uint32_t number, std::uint32_t group) {
    const Seat& seat = plugin.seats.at(number);
    const bool is_meant = !plugin.is_shunned(route, *seat.version) && !plugin.stands_by(seat.version);
    places.push_back(is_meant ? place_of(seat, entry.kind, group)
                              : Split::Place{.group = group, .up = false, .comes_back = false});
  });
  std::shared_ptr<const Split> split;
  if (places.size() > 1) {
    auto& choice = plugin.choices[route];
    choose(choice, members.shares(), plugin.made_last);
    split = std::make_shared<const Split>(choice, places);
  }
  std::vector<Candidates::Seat> can_be_meant;
  members.for_each([&, place = std::uint8_t{0}](std::uint32_t number, std::uint32_t group) mutable {
    if (members.is_on(group) && (places[place].up || places[place].comes_back))
      can_be_meant.push_back({place, traits_of(plugin, plugin.seats.at(number).version)});
    ++place;
  });
  const auto guarded = plugin.guarded.find(route);
  const auto mirroring = mirroring_of(entry, plugin);
  entry.is_idempotent = std::ranges::all_of(
      plugin.shares_now(route), [&](const VersionShare& share) { return share.version->repeats(entry.info->id); });
  std::uint8_t place = 0;
  const std::uint16_t consumer = entry.consumers++;
  const auto candidates = candidates_of(plugin, std::move(can_be_meant));
  members.for_each([&](std::uint32_t number, std::uint32_t) {
    const Seat& seat = plugin.seats.at(number);
    const bool waits = seat.awaits_state || (seat.before.had_all && entry.info->settings.order == Order::Total);
    // Whom it leads to is heard from before the table says so.
    if (seat.current != nullptr && !seat.awaits_state && !plugin.stands_by(seat.version))
      seat.current->muted.store(false, std::memory_order_relaxed);
    const Guard* const guard = guarded == plugin.guarded.end() ? nullptr : guarded->second.find(*seat.version);
    if (guard != nullptr && guard->trial != nullptr && (entry.trial == nullptr || entry.trial == guard->trial)) {
      entry.trial = guard->trial;
      entry.tried |= Split::Places{1} << place;
    }
    entry.targets.push_back({.outlet = catalog_.outlet(*entry.info, *seat.version, number),
                             .instance = waits                     ? nullptr
                                         : seat.current != nullptr ? seat.current
                                                                   : seat.leaving,
                             .takes = takes,
                             .place = place++,
                             .consumer = consumer,
                             .split = split,
                             .traits = traits_of(plugin, seat.version),
                             .candidates = candidates,
                             .outcomes = guard == nullptr ? plugin.measured_on(route, *seat.version) : guard->counted(),
                             .mirroring = seat.version == plugin.serving ? mirroring : nullptr,
                             .shunned = plugin.is_shunned(route, *seat.version),
                             .repeats = entry.info->settings.retries > 0 && seat.version->repeats(entry.info->id)});
  });
}

/// Whom a switch led away from: for chains that began before it, and for what waits before seats that are gone.
void Supervisor::add_seats_before(RouteTable& table, const Plugin& plugin) {
  const auto add = [&](const RouteInfo& route, std::uint32_t number, const Seat& seat) {
    return Target{.outlet = catalog_.outlet(route, *seat.before.version, number),
                  .instance = seat.before.instance,
                  .takes = seat.gone ? Takes::Nothing : Takes::Everything,
                  .consumer = table.routes[route.id.value].consumers++,
                  .traits = traits_of(plugin, seat.before.version)};
  };
  for (const auto& [number, seat] : plugin.seats) {
    if (seat.before.instance == nullptr) continue;
    for (const RouteInfo* route : seat.before.version->functions) {
      RouteEntry& entry = table.routes[route->id.value];
      Target& before = entry.before.emplace_back(add(*route, number, seat));
      before.place = static_cast<std::uint8_t>(entry.before.size() - 1);
      for (Target& target : entry.targets)
        if (target.outlet == before.outlet) target.earlier = seat.before.instance;
    }
    if (!seat.gone) continue;
    for (const RouteInfo* route : seat.before.version->topics_in)
      table.routes[route->id.value].targets.push_back(add(*route, number, seat));
  }
  for (RouteEntry& entry : table.routes) {
    if (!entry.before.empty() && entry.before.front().candidates == nullptr) {
      std::vector<Candidates::Seat> seats;
      for (const Target& each : entry.before) seats.push_back({each.place, each.traits});
      const auto candidates = std::make_shared<const Candidates>(std::move(seats));
      for (Target& each : entry.before) each.candidates = candidates;
    }
    if (entry.before.size() < 2 || entry.before.front().split != nullptr) continue;
    std::vector<Share> shares;  // of the version that served, not of those that shared some route with it
    for (const Target& each : entry.before) shares.push_back({each.place, each.outlet->seat < kInstancesMax ? 1u : 0u});
    if (std::ranges::none_of(shares, &Share::weight)) shares.front().weight = 1;
    const auto split =
        std::make_shared<const Split>(Choice::of(shares, nullptr), std::vector<Split::Place>(shares.size()));
    for (Target& each : entry.before) each.split = split;
    entry.is_split = true;
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
    set_guards(plugin);
    set_measures(plugin);
    const PluginVersion& version = *plugin.serving;
    const std::string why_down = why_off(plugin, name);
    const bool is_gone = is_down(plugin);
    const Takes off = plugin.follow_ups && !is_gone ? Takes::FollowUps : Takes::Nothing;
    const Takes takes = why_down.empty() ? Takes::Everything : off;
    const std::string why_no_calls = why_down.empty() ? why_unhealthy(plugin, name) : why_down;
    std::set<const RouteInfo*> led{version.functions.begin(), version.functions.end()};
    led.insert(version.topics_in.begin(), version.topics_in.end());
    for (const auto& [route, shares] : plugin.shares) led.insert(directory_.at({route}));  // also of another version
    for (const RouteInfo* const route : led) {
      RouteEntry& entry = entry_of(*route, route->function ? RouteKind::Function : RouteKind::Topic);
      if (route->function || !is_gone) add_seats(entry, plugin, takes);
      if (!route->function) continue;
      entry.down = !why_no_calls.empty();
      entry.follow_ups = takes == Takes::FollowUps;
      entry.starts = entry.follow_ups && plugin.held;
      entry.why_down = why_no_calls;
    }
    for (const auto& [number, seat] : plugin.seats) {
      for (const RouteInfo* route : seat.version->topics_out) entry_of(*route, RouteKind::Topic);
      if (seat.before.instance == nullptr) continue;
      for (const RouteInfo* route : seat.before.version->functions) entry_of(*route, RouteKind::Function);
      if (!seat.gone) continue;
      for (const RouteInfo* route : seat.before.version->topics_in) entry_of(*route, RouteKind::Topic);
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
  const RouteInfo* const meant = directory_.find(std::string{route});
  if (meant == nullptr) return {};
  const std::string& type = part == SchemaPart::Reply ? meant->reply.name : meant->request.name;
  const auto in = [&](const PluginVersion& version, bool calls) -> const BinarySchema* {
    const auto has = [&](const auto* routes) { return std::ranges::find(*routes, meant) != routes->end(); };
    const std::array own{&version.functions, &version.topics_in, &version.topics_out};
    if (calls ? !has(&version.calls) : std::ranges::none_of(own, has)) return nullptr;
    const auto& schemas = version.image.manifest.binary_schemas;
    const auto found = std::ranges::find_if(schemas, [&](const auto& each) { return declares(each, type); });
    return found == schemas.end() ? nullptr : &*found;
  };
  for (const auto& [name, plugin] : plugins_)  // who serves knows its fields best
    if (const BinarySchema* const schema = in(*plugin.serving, false)) return schema->bytes;
  for (const bool calls : {false, true})
    for (const auto& [name, plugin] : plugins_)
      for (const auto& version : plugin.versions)
        if (const BinarySchema* const schema = in(*version, calls)) return schema->bytes;
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
