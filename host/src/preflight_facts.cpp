/// What is known of a plugin before a rollout of it begins: the facts that preflight.hpp judges.

#include "preflight_facts.hpp"

#include "preflight.hpp"
#include "reload_decision.hpp"
#include "supervisor.hpp"
#include "switching.hpp"
#include "units.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <utility>

#include <fmt/ranges.h>

namespace shunt::host {
namespace {

constexpr std::chrono::days kNoEnd{36'500};  // of a key that does not expire

/// "sandbox.memory", for each of two that differ.
class Differences {
 public:
  template <typename Value>
  void note(std::string_view what, const Value& older, const Value& newer) {
    if (!(older == newer)) found_.emplace_back(what);
  }
  void add(std::string text) { found_.push_back(std::move(text)); }
  [[nodiscard]] std::string text() const { return fmt::format("{}", fmt::join(found_, ", ")); }

 private:
  std::vector<std::string> found_;
};

std::optional<std::chrono::nanoseconds> key_valid_for(const shunt::Verdict& verdict,
                                                      const std::vector<PublicKey>& keys) {
  if (verdict.trust != Trust::Signed) return std::nullopt;
  const auto key = std::ranges::find(keys, verdict.signer, &PublicKey::name);
  if (key == keys.end()) return std::chrono::nanoseconds{0};  // it is named no more
  if (!key->not_after) return kNoEnd;
  return *key->not_after + std::chrono::days{1} - std::chrono::system_clock::now();
}

std::uint64_t memory_of(const PluginVersion& version) {
  const bus::LaneShape::Memory lane = version.shape.memory();
  return version.configuration.instances * (lane.host_side.bytes + lane.plugin_side.bytes + lane.outbound.bytes +
                                            version.configuration.sandbox.memory_bytes);
}

}  // namespace

Result<Surroundings> Surroundings::look(const TrustConfiguration& trust) {
  SHUNT_TRY(policy, read_trust_policy(trust, std::chrono::system_clock::now()));
  Surroundings surroundings{.keys = std::move(policy.keys)};
  std::ifstream meminfo{"/proc/meminfo"};
  for (std::string word; meminfo >> word;) {
    std::uint64_t kib = 0;
    if (word == "MemAvailable:" && meminfo >> kib) surroundings.memory_available = kib << 10;
  }
  if (surroundings.memory_available == 0) return error(ErrorCode::System, "/proc/meminfo does not say MemAvailable");
  return surroundings;
}

std::string configuration_difference(const PluginVersion& older, const PluginVersion& newer) {
  const PluginConfiguration &was = older.configuration, &is = newer.configuration;
  Differences differences;
  for (const Setting& each : newer.settings) {
    const auto before = std::ranges::find(older.settings, each.key, &Setting::key);
    if (before == older.settings.end()) differences.add(fmt::format("config.{} = {} is new", each.key, each.value));
    else if (before->value != each.value)
      differences.add(fmt::format("config.{} = {}, was {}", each.key, each.value, before->value));
  }
  for (const Setting& each : older.settings)
    if (std::ranges::find(newer.settings, each.key, &Setting::key) == newer.settings.end())
      differences.add(fmt::format("config.{} has gone", each.key));
  differences.note("instances", was.instances, is.instances);
  differences.note("outbound", was.outbound, is.outbound);
  differences.note("sandbox", was.sandbox, is.sandbox);
  differences.note("deadlines", was.deadlines, is.deadlines);
  differences.note("grace", was.grace, is.grace);
  differences.note("handler_max", was.handler_max, is.handler_max);
  differences.note("hold_max", was.hold_max, is.hold_max);
  differences.note("workers", older.serving.workers, newer.serving.workers);
  differences.note("in_flight_max", older.serving.in_flight_max, newer.serving.in_flight_max);
  differences.note("slots", was.slots, is.slots);
  differences.note("wait", was.wait, is.wait);
  differences.note("restart", was.restart, is.restart);
  differences.note("health_period", was.health_period, is.health_period);
  differences.note("clock", was.clock, is.clock);
  differences.note("state_max", was.state_max, is.state_max);
  return differences.text();
}

struct Supervisor::Facts {
  static void add_pools(Supervisor& own, const RolloutSubject& subject, PreflightFacts& facts);
  static void add_backlog(Supervisor& own, const std::string& plugin, PreflightFacts& facts);
  static void add_readiness(const Supervisor& own, const PluginVersion& newer, PreflightFacts& facts);
  static void add_lts(const Plugin& plugin, const PluginVersion& newer, PreflightFacts& facts);
  static void probe(Supervisor& own, const std::string& plugin, const std::shared_ptr<PluginVersion>& lts,
                    const std::function<void(bool)>& answered);
};

/// Of its compartment, and of what its instances have of their own.
void Supervisor::Facts::add_pools(Supervisor& own, const RolloutSubject& subject, PreflightFacts& facts) {
  const std::string& compartment = subject.baseline->compartment();
  own.catalog_.for_each_pool([&](const std::string& name, InboundPool& pool) {
    if (name != compartment) return;
    for (std::uint32_t size_class = 0; size_class < pool.geometry().classes().size(); ++size_class) {
      const auto& each = pool.geometry().classes()[size_class];
      const auto use = pool.use(size_class);
      facts.pools.push_back({.name = fmt::format("towards {}, {}", name, bytes_text(each.bytes)),
                             .in_use = use.in_use,
                             .chunks = each.chunks,
                             .refused_lately = use.no_chunk_lately});
    }
  });
  for (auto& [key, running] : own.running_) {
    if (running.version->name() != subject.baseline->name()) continue;
    Instance& instance = running.process->instance();
    const auto classes = instance.lane->shape().outbound.classes();
    for (std::uint32_t size_class = 0; size_class < classes.size(); ++size_class)
      facts.pools.push_back(
          {.name = fmt::format("of instance {}, {}", instance.identity.id.value, bytes_text(classes[size_class].bytes)),
           .in_use = instance.lane->receiver.held(size_class),
           .chunks = classes[size_class].chunks});
  }
}

void Supervisor::Facts::add_backlog(Supervisor& own, const std::string& plugin, PreflightFacts& facts) {
  const std::int64_t now_ns = bus::now_ns();
  own.catalog_.for_each_outlet([&](const Outlet& outlet) {
    if (outlet.consumer != plugin) return;
    facts.backlog += outlet.waiting();
    const std::int64_t since_ns = outlet.waits_since_ns();
    if (since_ns == 0) return;
    facts.lag = std::max(facts.lag.value_or(std::chrono::nanoseconds{0}), std::chrono::nanoseconds{now_ns - since_ns});
  });
}

void Supervisor::Facts::add_readiness(const Supervisor& own, const PluginVersion& newer, PreflightFacts& facts) {
  const auto now = EventLoop::Clock::now();
  std::uint32_t up = 0;
  std::chrono::nanoseconds shortest = std::chrono::nanoseconds::max();
  for (const auto& [key, running] : own.running_) {
    if (running.version.get() != &newer || running.expected_end || running.process->state() != State::Active) continue;
    ++up;
    shortest = std::min<std::chrono::nanoseconds>(shortest, now - running.active_since);
    if (running.health.state == HealthState::NotServing) facts.unhealthy = running.health.reason;
  }
  if (up >= newer.configuration.instances) facts.ready_for = shortest;
}

/// A route that has an lts by its configuration and is not guarded has one that does not know its types.
void Supervisor::Facts::add_lts(const Plugin& plugin, const PluginVersion& newer, PreflightFacts& facts) {
  for (const RouteInfo* const route : plugin.serving->functions) {
    if (route->settings.lts.empty()) continue;
    if (!facts.lts) facts.lts = PreflightFacts::Lts{};
    const auto guarded = plugin.guarded.find(route->id.value);
    std::string& why = facts.lts->why_not_conforming;
    if (guarded == plugin.guarded.end())
      why = fmt::format("\"{}\" has {} for it, which knows it by other types or not at all", route->name,
                        route->settings.lts);
    else if (guarded->second.lts.get() == &newer && why.empty())
      why = fmt::format("\"{}\" has the version for it that shall take over", route->name);
  }
}

/// Whether the version serves, or comes to do so when it is started for this.
void Supervisor::Facts::probe(Supervisor& own, const std::string& name, const std::shared_ptr<PluginVersion>& lts,
                              const std::function<void(bool)>& answered) {
  for (const auto& [key, running] : own.running_)
    if (running.version == lts && !running.expected_end && running.process->state() == State::Active)
      return answered(running.health.state != HealthState::NotServing);
  const Plugin& plugin = *own.find(name);
  const auto place = std::ranges::find(plugin.versions, lts) - plugin.versions.begin();
  const auto seat = seat_number(static_cast<std::size_t>(place), kInstancesMax - 1);
  const auto staged = own.try_stage(lts, seat, {});
  if (!staged) return answered(false);
  Instance* const instance = &(*staged)->process->instance();
  (*staged)->newcomer = true;  // nobody leads to it
  (*staged)->staged = [&own, instance = (*staged)->process->share(), answered](const Status& status) {
    if (Running* const running = own.find(*instance); status && running != nullptr) {
      running->newcomer = false;
      own.drain_and_retire(*instance, {});
    }
    answered(static_cast<bool>(status));
  };
  instance->muted.store(true, std::memory_order_relaxed);
}

void Supervisor::find_facts(const RolloutSubject& subject, const Surroundings& around, const FactsFound& found) {
  const std::string& name = subject.baseline->name();
  const auto facts = std::make_shared<PreflightFacts>();
  Plugin* const plugin = find(name);
  if (plugin == nullptr) return found(*facts);
  const PluginVersion &baseline = *subject.baseline, &newer = *subject.newer;
  Facts::add_pools(*this, subject, *facts);
  Facts::add_backlog(*this, name, *facts);
  Facts::add_readiness(*this, newer, *facts);
  Facts::add_lts(*plugin, newer, *facts);
  facts->key_valid_for = key_valid_for(newer.image.verdict, around.keys);
  facts->configuration_change = configuration_difference(baseline, newer);
  facts->wider = wider_permissions(baseline.image.manifest, newer.image.manifest);
  facts->executable_stack = newer.image.executable_stack;
  facts->switch_drains = plugin->switching;
  if (const std::uint64_t needed = memory_of(newer); !facts->ready_for && needed > around.memory_available)
    facts->why_no_quota = fmt::format("it may need {}, and {} are available: free some, or lower its `sandbox.memory`",
                                      bytes_text(needed), bytes_text(around.memory_available));
  std::set<std::shared_ptr<PluginVersion>> lts;
  for (const auto& [route, guarded] : plugin->guarded) lts.insert(guarded.lts);
  if (!facts->lts || lts.empty()) return found(*facts);
  facts->lts->answered = true;
  const auto left = std::make_shared<std::size_t>(lts.size());
  for (const auto& each : lts)
    Facts::probe(*this, name, each, [facts, left, found](bool answered) {
      facts->lts->answered &= answered;
      if (--*left == 0) found(*facts);
    });
}

}  // namespace shunt::host
