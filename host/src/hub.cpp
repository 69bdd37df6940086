#include "hub.hpp"

#include <algorithm>

namespace shunt::host {
namespace {

constexpr std::size_t kArenaBlocks = 8;  ///< Few, so that the same lines are used again; more are made when held.
constexpr std::size_t kAsyncCalls = 32;  ///< Likewise, for calls that nobody waits for.

/// What is built for topics that no plugin hears, before that is known.
constexpr bus::SizeClass kOwnClasses[] = {{256, 64}, {4096, 16}, {64u << 10, 4}, {1u << 20, 2}};

}  // namespace

Result<std::unique_ptr<Hub>> Hub::create(PublishedTable& tables, HubListener& listener) {
  SHUNT_TRY(own_pool, InboundPool::create(own_geometry()));
  return std::unique_ptr<Hub>(new Hub(tables, listener, std::move(own_pool)));
}

bus::PoolGeometry Hub::own_geometry() { return bus::PoolGeometry::of(kOwnClasses).value(); }

Hub::Hub(PublishedTable& tables, HubListener& listener, std::unique_ptr<InboundPool> own_pool)
    : tables_(tables),
      listener_(listener),
      in_flight_(kInFlightMax),
      own_pool_(std::move(own_pool)),
      arena_(ReadArena::create(kArenaBlocks)),
      async_(kAsyncCalls) {}

Hub::~Hub() = default;

void Hub::add_lane(std::shared_ptr<Instance> instance) {
  const DrainHold hold{*this};
  const bool is_near = instance->hears_itself;  // no bridge's
  const auto place = static_cast<std::ptrdiff_t>(is_near ? near_lanes_++ : lanes_.size());
  bells_.insert(bells_.begin() + place, instance->lane->bell());
  lanes_.insert(lanes_.begin() + place, Lane{std::move(instance)});
}

void Hub::take_last_of(const Instance& instance) {
  const DrainHold hold{*this};
  const auto lane = std::ranges::find(lanes_, &instance, [](const Lane& each) { return each.instance.get(); });
  if (lane != lanes_.end() && instance.breached.load(std::memory_order_relaxed) == bus::Breach::None)
    drain_lane(*lane, nullptr);
}

bool Hub::remove_lane(const Instance& instance) {
  const DrainHold hold{*this};
  const auto lane = std::ranges::find(lanes_, &instance, [](const Lane& each) { return each.instance.get(); });
  bool empty = true;
  if (lane != lanes_.end()) {
    if (instance.breached.load(std::memory_order_relaxed) == bus::Breach::None) {
      drain_lane(*lane, nullptr);
      empty = !lane->stalled;
    }
    if (empty) {
      if (lane->instance->hears_itself) --near_lanes_;
      bells_.erase(bells_.begin() + (lane - lanes_.begin()));
      lanes_.erase(lane);
    }
  }
  return empty;
}

Hub::Untaken Hub::untaken(const Instance& instance) {
  lock_drain();
  const auto lane = std::ranges::find(lanes_, &instance, [](const Lane& each) { return each.instance.get(); });
  auto result = Untaken::Nothing;
  if (lane != lanes_.end()) {
    bus::LaneReceiver& receiver = lane->instance->lane->receiver;
    const bool stalled = lane->stalled != nullptr;  // then its data ring stands behind that
    if (receiver.has_message(bus::Ring::Reply) || (!stalled && receiver.has_message(bus::Ring::Data)))
      result = Untaken::More;
    else if (stalled) result = Untaken::Refused;
  }
  unlock_drain();
  return result;
}

std::optional<bus::ChunkId> Hub::stalled_chunk(const Instance& instance) {
  const DrainHold hold{*this};
  const auto lane = std::ranges::find(lanes_, &instance, [](const Lane& each) { return each.instance.get(); });
  if (lane == lanes_.end() || lane->stalled == nullptr) return std::nullopt;
  const bus::MessageHeader& header = lane->stalled->header;
  return header.place == bus::Place::Chunk ? std::optional{header.chunk} : std::nullopt;
}

void Hub::shut(const Error& why) {
  shut_.store(true, std::memory_order_relaxed);
  const DrainHold hold{*this};
  in_flight_.for_each([&](InFlight& record) {
    if (record.caller != nullptr) record.caller->fail(why);
    return true;
  });
}

Hub::CutOff Hub::cut_off(const RouteInfo& route, const Error& why) {
  CutOff cut;
  const DrainHold hold{*this};
  {
    const RcuReader reader;
    const RouteEntry* const entry = tables_.current().find(route.id);
    const auto cut_from = [&](const Target& target) {
      const auto drop = [&](const QueuedMessage& message) { let_go(message.header, *target.outlet->pool); };
      if (!route.function) return static_cast<void>(cut.publications += target.outlet->drop(drop));
      target.outlet->flush([&](const QueuedMessage& message) {
        if (const auto record = in_flight_.take(message.header.correlation)) ++cut.calls, fail_request(*record, why);
        drop(message);
        return true;
      });
    };
    if (entry != nullptr) entry->for_each_seat(cut_from);
  }
  std::vector<InFlight> left;
  in_flight_.abandon_if(Ending::LetGo, [&](const InFlight& record) {
    if (record.route != &route) return false;
    left.push_back(record);
    return true;
  });
  cut.calls += left.size();
  for (const InFlight& record : left) fail_request(record, why);
  tell_cancelled(in_flight_.untold());
  return cut;
}

void Hub::flush_backlogs() {
  const RcuReader reader;
  bool waiting = false;
  for (const RouteEntry& entry : tables_.current().routes)
    entry.for_each_seat([&](const Target& target) {
      if (target.outlet->waiting() == 0 || target.instance == nullptr) return;  // its start flushes what waits for it
      flush(target);
      waiting |= target.outlet->waiting() > 0;
    });
  if (waiting) backlogged_.store(true, std::memory_order_release);
  tell_cancelled(kToldAtOnce);
}

bool Hub::flush_backlog(const Instance& instance) {
  tell_cancelled(in_flight_.untold());
  const RcuReader reader;
  bool waiting = false;
  for (const RouteEntry& entry : tables_.current().routes)
    entry.for_each_seat([&](const Target& target) {
      if (target.instance.get() != &instance) return;
      flush(target);  // also when nothing seems to wait: who queues after it sees what was written before it
      waiting |= target.outlet->waiting() > 0;
    });
  return waiting;
}

}  // namespace shunt::host
