/// Last wills: taken from instances, kept for as long as these run, and published when one vanishes.
///
///     vanished    it served, and ended otherwise than it was told to: every crash of one that served
///     not sent    while another instance serves the topic by then; and a topic that is off takes nothing

#include "supervisor.hpp"

#include <shunt/schemas/limits.hpp>

#include <algorithm>

namespace shunt::host {
namespace {

/// Each costs the control loop a copy and a walk through it.
constexpr std::uint32_t kSetPerSecondMax = 1000;

std::string who(const Instance& instance) {
  return fmt::format("{} {}", instance.identity.plugin, to_string(instance.identity.version));
}

/// "to 3 receivers, 1 of them not at once"
std::string receivers_text(const Sent& sent) {
  const auto all = sent.in_ring + sent.in_backlog + sent.dropped;
  auto text = fmt::format("to {} {}", all, all == 1 ? "receiver" : "receivers");
  if (sent.in_backlog > 0) text += fmt::format(", for {} of which it waits, before all else", sent.in_backlog);
  if (sent.dropped > 0) text += fmt::format(", of which {} can get no payload of that size", sent.dropped);
  return text;
}

}  // namespace

Status Supervisor::on_will(Instance& instance, const control::Will& will) {
  Running* const running = find(instance);
  if (running == nullptr) return {};
  const PluginVersion& version = *running->version;
  const auto declared = version.last_wills.find(will.topic_out());
  if (declared == version.last_wills.end())
    return error(ErrorCode::Undeclared, "{}: it left a last will for its topic out number {}, and declares none there",
                 who(instance), will.topic_out());
  const auto now = EventLoop::Clock::now();
  if (now - running->wills_since >= std::chrono::seconds{1}) running->wills_since = now, running->wills_lately = 0;
  if (++running->wills_lately > kSetPerSecondMax)
    return error(ErrorCode::QuotaExceeded, "{}: it left more than {} last wills within a second", who(instance),
                 kSetPerSecondMax);
  const RouteInfo& topic = *version.topics_out[will.topic_out()];
  std::span<const std::uint8_t> bytes;
  if (will.payload() != nullptr) bytes = {will.payload()->data(), will.payload()->size()};
  const bool is_bounded_by_latch = topic.latch != nullptr && topic.settings.latched_bytes < kLastWillBytesMax;
  const std::size_t limit = is_bounded_by_latch ? topic.settings.latched_bytes : kLastWillBytesMax;
  if (bytes.size() > limit)
    return error(ErrorCode::TooLarge, "{}: the last will for \"{}\" has {} bytes, and at most {} may be{}",
                 who(instance), topic.name, bytes.size(), limit,
                 is_bounded_by_latch ? " (`latched_bytes` of the topic)" : "");
  LastWill copy;
  copy.assign(bytes);
  copy.key = will.key();
  const auto payload = copy.payload();
  if (!declared->second.accepts({reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()}))
    return error(ErrorCode::BadPayload, "{}: the last will for \"{}\", of {} bytes, is not a {}", who(instance),
                 topic.name, bytes.size(), topic.request.name);
  LastWill& kept = running->last_wills[will.topic_out()];
  copy.set = kept.set + 1;
  kept = std::move(copy);
  return {};
}

Status Supervisor::on_validated(Instance& instance) {
  const Running* const running = find(instance);
  if (running == nullptr) return {};
  const PluginVersion& version = *running->version;
  for (const auto& [topic, verifier] : version.last_wills)
    if (!running->last_wills.contains(topic))
      return error(ErrorCode::PluginFailed,
                   "{} declares the last will {:?} for \"{}\" and has left none when validate returned: call set_will "
                   "there",
                   who(instance), version.image.manifest.topics_out[topic].last_will, version.topics_out[topic]->name);
  return {};
}

/// What its warden says of its end is not awaited: receivers act on a last will.
void Supervisor::on_vanished(Instance& instance) {
  const auto found = running_.find(&instance);
  if (found == running_.end() || found->second.expected_end || found->second.last_wills.empty()) return;
  hub_->take_last_of(instance);
  publish_last_wills(instance, found->second);
  found->second.last_wills.clear();
}

/// Of one that served and has vanished, and whose last publications have been taken.
void Supervisor::publish_last_wills(const Instance& instance, const Running& running) {
  Plugin* const plugin = find(instance.identity.plugin);
  if (!running.served || plugin == nullptr || is_shadow_seat(running.seat)) return;
  for (const auto& [topic, will] : running.last_wills) {
    const RouteInfo& route = *running.version->topics_out[topic];
    const std::string& named = running.version->image.manifest.topics_out[topic].last_will;
    const auto tell = [&](HostEventKind kind, std::string_view what) {
      events_.add({.kind = kind,
                   .plugin = instance.identity.plugin,
                   .version = to_string(instance.identity.version),
                   .instance = instance.identity.id.value,
                   .text = fmt::format("its last will \"{}\" on \"{}\": {}", named, route.name, what),
                   .crash = {},
                   .route = route.name});
    };
    const auto publishes = [&](const auto& each) {
      const Seat& seat = each.second;
      return seat.current != nullptr && seat.current.get() != &instance &&
             std::ranges::find(seat.version->topics_out, &route) != seat.version->topics_out.end();
    };
    if (const auto served = std::ranges::find_if(plugin->seats, publishes); served != plugin->seats.end()) {
      tell(HostEventKind::LastWillNotSent, fmt::format("{} publishes there now", who(*served->second.current)));
      continue;
    }
    const auto sent = hub_->publish_last_will(route, will);
    if (sent) ++plugin->last_wills_sent;
    tell(sent ? HostEventKind::LastWillSent : HostEventKind::LastWillNotSent,
         sent ? receivers_text(*sent) : sent.error().message);
  }
}

std::vector<LastWillSnapshot> Supervisor::last_wills_of(const PluginVersion& version, const Running* running) {
  std::vector<LastWillSnapshot> result;
  for (const auto& [topic, verifier] : version.last_wills) {
    LastWillSnapshot each{version.topics_out[topic]->name, version.image.manifest.topics_out[topic].last_will};
    if (running != nullptr)
      if (const auto left = running->last_wills.find(topic); left != running->last_wills.end()) {
        each.bytes = left->second.payload_bytes;
        each.set = left->second.set;
      }
    result.push_back(std::move(each));
  }
  return result;
}

}  // namespace shunt::host
