/// Draining: from a slot that a plugin wrote to a caller, a subscription or the way to another plugin.

#include "hub.hpp"
#include "latch.hpp"

#include <shunt/schemas/control_generated.h>

#include <array>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include <fmt/format.h>

namespace shunt::host {

namespace {

/// Of a thread that waits for its reply, from one look at bridges to the next: some 10 us. A power of two.
constexpr std::uint32_t kPassesToBridges = 1024;

bool is_broken(const Instance& instance) noexcept {
  return instance.breached.load(std::memory_order_relaxed) != bus::Breach::None;
}

}  // namespace

/// Each pass begins with another lane: where a receiver has room for one message at a time, the first to offer gets it.
/// A thread that waits for its reply looks at what comes from outside now and then only: calls are not slower for it.
bool Hub::pass(const PendingCall* mine) {
  bool any = false;
  const bool all = mine == nullptr || ++passes_ % kPassesToBridges == 0;
  const std::size_t lanes = all ? lanes_.size() : near_lanes_;
  first_lane_ = first_lane_ + 1 < lanes ? first_lane_ + 1 : 0;
  for (std::size_t i = 0, at = first_lane_; i < lanes; ++i, at = at + 1 < lanes ? at + 1 : 0) {
    Lane& lane = lanes_[at];
    if (is_broken(*lane.instance)) {
      if (!std::exchange(lane.breach_reported, true)) listener_.on_breach(*lane.instance);
      continue;
    }
    any |= drain_lane(lane, mine);
    if (mine != nullptr && mine->completed()) return true;
  }
  // Acquire pairs with the release in deliver().
  if (backlogged_.load(std::memory_order_relaxed) && backlogged_.exchange(false, std::memory_order_acquire))
    flush_backlogs();
  if (set_aside_) {
    set_aside_ = false;
    if (has_followers_.load(std::memory_order_relaxed)) wake_idlers();
  }
  return any;
}

/// What there is no memory for stays in its slot until the next time: no thread of the user's gets an exception that is
/// about another's message.
bool Hub::drain_lane(Lane& lane, const PendingCall* mine) {
  bool any = false;
  try {
    any = drain_replies(lane, mine);
    if (mine != nullptr && mine->completed()) return true;
    return drain_data(lane) || any;
  } catch (const std::bad_alloc&) {
    return any;
  }
}

/// At most a ring's depth, so that a plugin that floods cannot hold the host; and no further than the caller's own.
bool Hub::drain_replies(Lane& lane, const PendingCall* mine) {
  bus::LaneReceiver& receiver = lane.instance->lane->receiver;
  std::uint32_t count = 0;
  for (; count < lane.instance->lane->shape().plugin_side.slots && !is_broken(*lane.instance); ++count) {
    const bus::Incoming* const incoming = receiver.next(bus::Ring::Reply);
    if (incoming == nullptr) break;
    accept_reply(*lane.instance, *incoming);
    receiver.free(bus::Ring::Reply);
    if (mine != nullptr && mine->completed()) return true;
  }
  if (receiver.breach() != bus::Breach::None) breach(*lane.instance, receiver.breach());
  return count > 0;
}

bool Hub::drain_data(Lane& lane) {
  bus::LaneReceiver& receiver = lane.instance->lane->receiver;
  std::uint32_t count = 0;
  for (; count < lane.instance->lane->shape().plugin_side.slots && !is_broken(*lane.instance); ++count) {
    if (lane.stalled == nullptr) lane.stalled = receiver.next(bus::Ring::Data);
    if (lane.stalled == nullptr) break;
    if (!accept_data(lane, *lane.stalled)) break;
    lane.stalled = nullptr;
    if (lane.stalled_pick) lane.stalled_pick.reset();
    receiver.free(bus::Ring::Data);
  }
  if (receiver.breach() != bus::Breach::None) breach(*lane.instance, receiver.breach());
  return count > 0;
}

/// The first one counts. The next pass tells the control thread, and nothing more is taken from the lane.
void Hub::breach(Instance& instance, bus::Breach what) noexcept {
  auto none = bus::Breach::None;
  instance.breached.compare_exchange_strong(none, what, std::memory_order_relaxed);
}

ReceivedBytes Hub::receive(Instance& instance, const bus::Incoming& incoming, ReadMode mode) {
  const std::size_t size = incoming.payload.size();
  const bool chunk = incoming.header.place == bus::Place::Chunk;
  const bool in_place = mode == ReadMode::InPlace ||
                        (mode == ReadMode::Auto && size > ReadArena::kSmallestBytes && instance.identity.trusted);
  if (chunk && in_place) {
    ArenaBlock* const claim = arena_->take(0);
    claim->origin_ns = bus::origin_of(incoming.header);
    claim->held_of = instance.shared_from_this();
    claim->chunk = incoming.header.chunk;
    claim->generation = incoming.header.generation;
    return {claim, incoming.payload.data(), size};
  }
  ArenaBlock* const block = arena_->take(size);
  block->origin_ns = bus::origin_of(incoming.header);
  if (size > 0) std::memcpy(block->data, incoming.payload.data(), size);
  if (chunk) instance.give_back(incoming.header.chunk, incoming.header.generation);
  return {block, block->data, size};
}

namespace {

/// Of a reply, by a plugin that did not begin, or gave up, what nobody waits for.
constexpr auto kCancelledStatus = static_cast<std::uint16_t>(static_cast<std::uint16_t>(ErrorCode::Cancelled) + 1);

/// It was too late, or nobody waits: there is no use in trying again.
bool is_about_time(std::uint16_t status) noexcept {
  return status == kCancelledStatus || static_cast<ErrorCode>(status - 1) == ErrorCode::DeadlineExceeded;
}

/// Of one side of a pair that was taken out with its record. What came too late, or when nobody waited any more, says
/// nothing of the versions.
void note_said(const InFlight& record, const bus::Incoming& incoming) noexcept {
  const std::uint16_t status = incoming.header.status;
  const bool in_time = record.is_copy ? bus::now_ns() <= record.deadline_ns : record.wanted();
  if (in_time && !(status != 0 && is_about_time(status)))
    record.pair->say(record.is_copy ? ShadowSide::Shadow : ShadowSide::Real, status, incoming.payload);
  record.pair->let_go();
}

/// More than the longest account that the kit sends.
constexpr std::size_t kFailureBytesMax = 8u << 10;

struct Failed {
  Error error;
  bool thrown = false;  ///< The kit notes where something was thrown, and nothing else.
};

/// What the plugin says went wrong, from bytes that anybody may have written, and may write yet.
Failed failure_of(const Instance& instance, const RouteInfo& route, const bus::Incoming& incoming) {
  const auto who =
      fmt::format("{} {} \"{}\"", instance.identity.plugin, to_string(instance.identity.version), route.name);
  const auto code = static_cast<ErrorCode>(incoming.header.status - 1);
  alignas(8) std::array<std::uint8_t, kFailureBytesMax> copy;
  const std::size_t bytes = incoming.payload.size() <= copy.size() ? incoming.payload.size() : 0;
  if (bytes > 0) std::memcpy(copy.data(), incoming.payload.data(), bytes);
  flatbuffers::Verifier verifier(copy.data(), bytes, 8, 64);
  if (!verifier.VerifyBuffer<control::Failure>()) return {{code, who + " failed and gave no reason that can be read"}};
  const auto* const failure = flatbuffers::GetRoot<control::Failure>(copy.data());
  const std::string_view said = failure->message() != nullptr ? failure->message()->string_view() : "no reason given";
  std::span<const std::uint64_t> frames;
  if (failure->frames() != nullptr) frames = {failure->frames()->data(), failure->frames()->size()};
  return {{code, who + ": " + instance.account(said, frames)}, !frames.empty()};
}

}  // namespace

/// Each would let a plugin flood the events: of every instance the 1st, 2nd, 4th, 8th ... is told, and all are counted.
void Hub::count_thrown(Instance& instance, const Error& what) noexcept {
  const std::uint64_t count = instance.exceptions.fetch_add(1, std::memory_order_relaxed) + 1;
  if (std::has_single_bit(count)) listener_.on_thrown(instance, what);
}

/// Of a request that is tried again: nobody is told but of the throw.
void Hub::accept_failure(Instance& instance, const RouteInfo& route, const bus::Incoming& incoming) {
  try {
    const Failed failed = failure_of(instance, route, incoming);
    if (failed.thrown) count_thrown(instance, failed.error);
  } catch (const std::bad_alloc&) {  // it is not told of
  }
  if (incoming.header.place == bus::Place::Chunk) instance.give_back(incoming.header.chunk, incoming.header.generation);
}

void Hub::accept_reply(Instance& instance, const bus::Incoming& incoming) {
  const bus::MessageHeader& header = incoming.header;
  if (header.kind == bus::Kind::Publication && (header.flags & bus::flag::kUrgent) != 0)
    return accept_urgent(instance, incoming);
  if (header.kind != bus::Kind::Reply) return breach(instance, bus::Breach::Kind);
  const Ending ending = header.status == 0 ? Ending::Answered : ending_of(static_cast<ErrorCode>(header.status - 1));
  if (ending == Ending::Failed && !is_about_time(header.status))
    if (const RouteInfo* const again = try_again(instance, header)) return accept_failure(instance, *again, incoming);
  const auto record = in_flight_.take(header.correlation, &instance, ending);
  if (!record) return breach(instance, bus::Breach::Correlation);
  if (record->pair != nullptr) [[unlikely]]
    note_said(*record, incoming);
  if (header.route != record->route->id.value) {
    fail_request(*record, {ErrorCode::PeerBreach, "the plugin answered for another route and was ended"});
    return breach(instance, bus::Breach::Route);
  }
  try {
    std::optional<Failed> failed;
    // Not for a call that nobody waits for and that ended as it was asked to: cancelling costs nothing from the heap.
    if (header.status != 0 && (record->wanted() || header.status != kCancelledStatus))
      failed = failure_of(instance, *record->route, incoming);
    if (failed && failed->thrown) count_thrown(instance, failed->error);
    if (failed && record->origin != nullptr && record->route->fallback.stands_in_for(failed->error.code)) {
      fail_request(*record, failed->error);
    } else if (record->origin != nullptr) {
      forward_reply(*record, instance, incoming);
    } else if (record->caller != nullptr && !failed) {
      auto payload = receive(instance, incoming, record->route->settings.read);
      if (record->caller == leader_) return leader_->complete_here(std::move(payload));
      set_aside_ |= record->caller->has_callback();
      return record->caller->complete(std::move(payload));
    } else if (record->caller != nullptr) {
      set_aside_ |= record->caller->has_callback();
      record->caller->fail(std::move(failed->error));
    }
  } catch (const std::bad_alloc&) {
    // Out of the table, it would wait for ever. The text is one that needs no memory.
    fail_request(*record, {ErrorCode::System, "out of memory"});
  }
  if (header.place == bus::Place::Chunk) instance.give_back(header.chunk, header.generation);
}

/// Replies come behind it: what a receiver refuses does not wait here, and is lost for all.
void Hub::accept_urgent(Instance& instance, const bus::Incoming& incoming) {
  const bus::MessageHeader& header = incoming.header;
  const Permitted permitted = instance.permission(header.route);
  if (!permitted.publish) return breach(instance, bus::Breach::Route);
  if (instance.muted.load(std::memory_order_relaxed)) [[unlikely]]
    return turn_away(instance, incoming);
  bool taken = false;
  {
    const Latch::Turn turn{permitted.latch};
    const RcuReader reader;
    const RouteEntry* const entry = tables_.current().find({header.route});
    if (entry != nullptr) {
      try {
        taken = forward_publication(instance, incoming, *entry, entry->pick(bus::key_of(header)));
      } catch (const std::bad_alloc&) {
        taken = false;  // before anybody got it
      }
    }
    if (entry != nullptr && !taken) {
      entry->info->counters.failed.fetch_add(1, std::memory_order_relaxed);
      for (const Target& target : entry->hearing_plugins()) target.outlet->count_urgent_lost();
    }
  }
  if (taken) instance.received.fetch_add(1, std::memory_order_relaxed);
  else if (header.place == bus::Place::Chunk) instance.give_back(header.chunk, header.generation);
}

/// Of one that is muted: a shadow may call what does no harm when it is done twice.
bool Hub::may_call(const Instance& instance, std::uint32_t route) const noexcept {
  if (!instance.is_shadow.load(std::memory_order_relaxed)) return false;
  const RcuReader reader;
  const RouteEntry* const entry = tables_.current().find({route});
  return entry != nullptr && entry->is_idempotent;
}

/// Of an instance that is warm, or a shadow. A call of it is answered, so that a timer of it does not wait.
void Hub::turn_away(Instance& instance, const bus::Incoming& incoming) {
  const bus::MessageHeader& header = incoming.header;
  instance.unheard.fetch_add(1, std::memory_order_relaxed);
  if (header.kind == bus::Kind::Request && !instance.reaped.load(std::memory_order_relaxed))
    refuse_request(instance, header,
                   {ErrorCode::NotServing, "no route leads to this version: it can call when one does"});
  if (header.place == bus::Place::Chunk) instance.give_back(header.chunk, header.generation);
}

/// False: a receiver refuses it for now; offer it again.
bool Hub::accept_data(Lane& lane, const bus::Incoming& incoming) {
  Instance& instance = *lane.instance;
  const bus::MessageHeader& header = incoming.header;
  const auto give_back = [&] {
    if (header.place == bus::Place::Chunk) instance.give_back(header.chunk, header.generation);
  };
  const Permitted permitted = instance.permission(header.route);
  if (header.kind == bus::Kind::Request) {
    if (!permitted.call) breach(instance, bus::Breach::Route);
    else if (instance.muted.load(std::memory_order_relaxed) && !may_call(instance, header.route)) [[unlikely]]
      return turn_away(instance, incoming), true;
    else if (!instance.reaped.load(std::memory_order_relaxed)) forward_request(instance, incoming);
    give_back();
    return true;
  }
  if (header.kind != bus::Kind::Publication) breach(instance, bus::Breach::Kind);
  else if (!permitted.publish) breach(instance, bus::Breach::Route);
  else if (instance.muted.load(std::memory_order_relaxed)) [[unlikely]] return turn_away(instance, incoming), true;
  else {
    const Latch::Turn turn{permitted.latch};
    const RcuReader reader;
    const RouteEntry* const entry = tables_.current().find({header.route});
    if (entry != nullptr) {
      const Pick pick = lane.stalled_pick ? *lane.stalled_pick : entry->pick(bus::key_of(header));
      if (entry->is_split) lane.stalled_pick = pick;  // however often it is offered
      if (!forward_publication(instance, incoming, *entry, pick)) return false;
      instance.received.fetch_add(1, std::memory_order_relaxed);
      return true;
    }
  }
  give_back();
  return true;
}

}  // namespace shunt::host
