/// Exchanging the route table: whoever is new on a topic that keeps its last publications is given them, and whoever
/// was taken off it what was published meanwhile, before anything that is published later.

#include "hub.hpp"
#include "latch.hpp"
#include "push.hpp"

#include <algorithm>
#include <cstring>
#include <set>

namespace shunt::host {
namespace {

/// A consumer of a latched topic, for whom something changes.
struct Change {
  const RouteInfo* route = nullptr;
  std::shared_ptr<Outlet> outlet;  ///< Null: it is `inbox`, which is new.
  InstanceId instance{};           ///< That it leads to; 0: none.
  Outlet::Hears hears{};
  std::shared_ptr<Inbox> inbox;
};

bool is_latched(const RouteEntry& entry) { return entry.kind == RouteKind::Topic && entry.info->latch != nullptr; }

Outlet::Hears hears(const RouteEntry& entry, const Target& target) {
  if (entry.down) return {};
  return {.host = target.takes == Takes::Everything, .plugins = target.takes <= Takes::FollowUps};
}

/// Who comes, leaves, is taken off or is on again, topic by topic.
std::vector<Change> changes(const RouteTable& before, const RouteTable& next) {
  std::vector<Change> result;
  std::set<const Outlet*> are_there;
  for (const RouteEntry& entry : next.routes) {
    if (!is_latched(entry)) continue;
    for (const Target& target : entry.targets) {
      are_there.insert(target.outlet.get());
      const InstanceId instance = target.instance == nullptr ? InstanceId{} : target.instance->identity.id;
      if (!target.outlet->is_up_to_date(instance, hears(entry, target)))
        result.push_back({entry.info, target.outlet, instance, hears(entry, target), nullptr});
    }
    for (const auto& inbox : entry.inboxes)
      if (!inbox->was_greeted) result.push_back({entry.info, nullptr, {}, {}, inbox});
  }
  for (const RouteEntry& entry : before.routes) {
    if (!is_latched(entry)) continue;
    for (const Target& target : entry.targets)
      if (!are_there.contains(target.outlet.get()) && !target.outlet->is_up_to_date({}, {}))
        result.push_back({entry.info, target.outlet, {}, {}, nullptr});
  }
  std::ranges::stable_sort(result, {}, [](const Change& change) { return change.route->id.value; });
  return result;
}

}  // namespace

void Hub::exchange(RouteTable table) {
  std::vector<Change> changed;
  {
    const RcuReader reader;
    const RouteTable& before = tables_.current();
    changed = changes(before, table);
    for (const RouteEntry& entry : before.routes)
      if (is_latched(entry))
        for (const Target& target : entry.targets) target.outlet->end_greeting();
  }
  bool any_waits = false;
  const auto greet_and_publish = [&] {
    std::vector<Latch::Turn> turns;
    const RouteInfo* last = nullptr;
    for (const Change& each : changed)
      if (std::exchange(last, each.route) != each.route) turns.emplace_back(each.route->latch.get());
    for (const Change& each : changed) {
      if (each.inbox != nullptr) greet(*each.inbox);
      else any_waits |= each.outlet->catch_up(*each.route->latch, each.instance, each.hears);
    }
    tables_.publish(std::move(table));
  };
  const bool any_inbox = std::ranges::any_of(changed, [](const Change& each) { return each.inbox != nullptr; });
  if (any_inbox) while_not_draining(greet_and_publish);  // whoever drains owns the memory that subscriptions read
  else greet_and_publish();
  if (any_waits) flush_backlogs();
}

/// Of what plugins published: a subscription of the host does not hear the host itself.
void Hub::greet(Inbox& inbox) {
  inbox.route.latch->for_each([&](const Latch::Kept& kept) {
    if (kept.about.from_host) return;
    ArenaBlock* const block = arena_->take(kept.payload.size());
    if (!kept.payload.empty()) std::memcpy(block->data, kept.payload.data(), kept.payload.size());
    block->origin_ns = kept.about.origin_ns;
    const auto marks = static_cast<std::uint8_t>(kept.about.flags | bus::flag::kLatched);
    inbox.put({ReceivedBytes{block, block->data, kept.payload.size(), marks}, kept.about.flags, kept.about.key});
  });
  inbox.was_greeted = true;
  set_aside_ = true;
}

/// One of the publications that were kept for a newcomer. False while it has no room or its pool no chunk.
bool Hub::push_kept(const Target& target, const QueuedMessage& message) noexcept {
  bus::MessageHeader header = message.header;
  std::span<const std::byte> content;
  std::optional<bus::LoanedChunk> chunk;
  InboundPool& pool = *target.outlet->pool;
  if (header.payload_bytes <= bus::kInlineBytesMax) {
    header.place = bus::Place::Inline;
    content = {message.kept, header.payload_bytes};
  } else {
    chunk = pool.loan(header.payload_bytes);
    if (!chunk) target.instance->harvest(), chunk = pool.loan(header.payload_bytes);
    if (!chunk) return false;
    header.place = bus::Place::Chunk;
    header.chunk = chunk->chunk;
    header.generation = chunk->generation;
  }
  const auto pushed = target.instance->push(bus::Ring::Data, header, content, [&](const bus::MessageHeader&) {
    if (chunk) std::memcpy(chunk->data, message.kept, message.header.payload_bytes);  // not before there is room
    return true;
  });
  if (chunk) pool.release(chunk->chunk);
  return pushed == Pushed::Yes;
}

}  // namespace shunt::host
