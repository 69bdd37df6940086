/// Sending: from a built payload to a slot in a ring, or to where it waits.

#include "built_message.hpp"
#include "core.hpp"
#include "hinted_content.hpp"
#include "latch.hpp"
#include "origin_scope.hpp"
#include "push.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/host/route_handle.hpp>

#include <algorithm>
#include <cstring>

namespace shunt::host {

Pushed Instance::push_reply(bus::MessageHeader& header, std::span<const std::byte> content) noexcept {
  return push(bus::Ring::Reply, header, content, [](const bus::MessageHeader&) { return true; });
}

Pushed Instance::push_cancel(RouteId route, std::uint64_t correlation, std::uint64_t position) noexcept {
  bus::MessageHeader header;
  header.route = route.value;
  header.kind = bus::Kind::Cancel;
  header.correlation = correlation;
  header.parent = position;
  return push(bus::Ring::Reply, header, {}, [this](const bus::MessageHeader&) {
    auto& out = lane->sender.ring_out(bus::Ring::Reply);
    if (out.known_room() <= out.slots() / 2) out.refresh();
    return out.known_room() > out.slots() / 2;
  });
}

void Hub::let_go(const bus::MessageHeader& header, InboundPool& pool) noexcept {
  if (header.place == bus::Place::Chunk) pool.release(header.chunk);
}

/// Into the ring when nothing waits before it or it is its turn now, else behind what waits. `request` is the record of
/// a call, completed here.
Delivered Hub::deliver_alone(const RouteEntry& entry, const Target& target, Message& message, InFlight* request,
                             Turn turn) noexcept {
  auto added = Added::Yes;
  const auto add = [&](Instance* instance) {
    if (request == nullptr) return true;
    request->target = instance;
    request->outcomes = request->is_copy ? nullptr : target.outcomes.get();
    if (instance != nullptr) request->position = instance->next_position();
    if (instance != nullptr && request->is_root()) request->epoch = instance->epoch();
    added = in_flight_.add(*request, entry.info->settings.in_flight_max,
                           target.repeats && !request->is_copy ? &message : nullptr, target.outlet->pool.get());
    return added == Added::Yes;
  };
  const auto not_added = [&] { return added == Added::Full ? Delivered::OverQuota : Delivered::Unwanted; };
  const bool urgent = (message.header.flags & bus::flag::kUrgent) != 0;
  if (urgent && target.instance != nullptr) {
    const auto pushed = target.instance->push_urgent(message.header, message.content);
    suspect(*target.instance);
    if (pushed == Pushed::Yes) return Delivered::InRing;
  }
  if (turn == Turn::InOrder && target.outlet->waiting() > 0 && target.instance != nullptr) flush(target);
  if ((turn == Turn::Now || target.outlet->waiting() == 0) && target.instance != nullptr) {
    const auto pushed =
        target.instance->push(bus::Ring::Data, message.header, message.content, [&](bus::MessageHeader& header) {
          if (!add(target.instance.get())) return false;
          if (request != nullptr) header.correlation = request->correlation;
          return true;
        });
    if (pushed == Pushed::Withdrawn) return not_added();
    suspect(*target.instance);
    if (pushed == Pushed::Yes) return Delivered::InRing;
  }
  if (!add(nullptr)) return not_added();
  note_over_cap(target, message.header);
  Message waiting = message;
  if (request != nullptr) waiting.header.correlation = request->correlation;
  if (message.header.place == bus::Place::Chunk) target.outlet->pool->hold(message.header.chunk);
  const auto delivered = target.outlet->enqueue(
      waiting, [&](const QueuedMessage& dropped) { let_go(dropped.header, *target.outlet->pool); });
  if (delivered == Delivered::Refused || delivered == Delivered::DroppedNewest) {
    let_go(message.header, *target.outlet->pool);
    if (request != nullptr) take_back(*request);
  } else {
    // Release pairs with the acquire in pass(): whoever drains next sees what waits.
    backlogged_.store(true, std::memory_order_release);
    if (target.instance != nullptr) suspect(*target.instance);  // nobody may drain: the watch sends it then
  }
  return delivered;
}

/// One that was recorded and then refused. It keeps its correlation when somebody was faster, and completes its caller.
void Hub::take_back(InFlight& request) noexcept {
  const auto taken = in_flight_.take(request.correlation);
  if (request.caller == nullptr || (taken && taken->caller != nullptr)) request.correlation = 0;
}

/// A message that is about to wait, or to be refused: counted where that is so because its receiver gives no chunk
/// back.
void Hub::note_over_cap(const Target& target, const bus::MessageHeader& header) noexcept {
  if (header.place == bus::Place::Chunk && target.instance != nullptr &&
      target.instance->at_cap.load(std::memory_order_relaxed))
    target.instance->count_over_cap(header.chunk);
}

/// It was sent something, or should have been: once, until the watchdog has found it idle for a while.
void Hub::suspect(Instance& instance) noexcept {
  if (!instance.suspected.load(std::memory_order_relaxed) &&
      !instance.suspected.exchange(true, std::memory_order_relaxed))
    listener_.on_suspect(instance);
}

/// Who is sent what waits: the version that a switch led away from, where that belongs to a chain which began before.
Instance& Hub::receiver_of(const Target& target, const QueuedMessage& message) noexcept {
  if (target.earlier == nullptr || message.header.kind != bus::Kind::Request) return *target.instance;
  const auto record = in_flight_.look_up(message.header.correlation);
  const bool is_theirs = record && !record->is_root() && record->epoch == target.earlier->epoch();
  return is_theirs && !target.earlier->reaped.load(std::memory_order_relaxed) ? *target.earlier : *target.instance;
}

std::uint32_t Hub::flush(const Target& target) noexcept {
  if (target.shunned) return 0;
  return target.outlet->flush([&](QueuedMessage& message) {
    Instance& instance = receiver_of(target, message);
    suspect(instance);
    if (message.kept != nullptr) return push_kept(target, message);
    const bool request = message.header.kind == bus::Kind::Request;
    const auto pushed =
        instance.push(bus::Ring::Data, message.header, message.content(), [&](const bus::MessageHeader& header) {
          return !request ||
                 in_flight_.set_target(header.correlation, &instance, instance.next_position(), instance.epoch(),
                                       &instance == target.earlier.get() ? nullptr : target.outcomes.get());
        });
    if (pushed != Pushed::Yes && pushed != Pushed::Withdrawn) return false;
    let_go(message.header, *target.outlet->pool);  // the lane holds it now, or nobody waits for it any more
    return true;
  });
}

Result<Sent> Hub::publish(const RouteInfo& route, InboundPool* pool, const bus::Built& built,
                          const PublishOptions& options) {
  const EndOfLoan loan{pool, built};
  Message message = message_for(route, bus::Kind::Publication, built);
  bus::set_key(message.header, options.key.value);
  const std::int64_t origin_ns = origin_ns_of(options.origin);
  if (origin_ns != 0) bus::set_origin(message.header, origin_ns);
  if (options.urgent) message.header.flags |= bus::flag::kUrgent;
  Sent sent;
  bool known = false;
  std::string why_down;  // empty, and no allocation, unless it is
  HintedContent content;
  {
    const Latch::Turn turn{route.latch.get()};
    if (route.latch != nullptr) message.header.parent = route.latch->next();
    const RcuReader reader;
    const RouteEntry* const entry = tables_.current().find(route.id);
    known = entry != nullptr;
    Pick pick = known ? entry->pick(options.key.value) : Pick{};
    if (known && !entry->down && !options.hints.empty()) [[unlikely]] {
      if (Status added = add_hints(*entry, options.hints, pick, message, content); !added) {
        route.counters.failed.fetch_add(1, std::memory_order_relaxed);
        return tl::make_unexpected(std::move(added).error());
      }
      if (content.pool() != nullptr) pool = content.pool();
    }
    const auto refused = [&](const Target& target) {
      return target.gets(pick) && refuses(target, options.urgent) && (target.outlet->count_refused(), true);
    };
    if (known && entry->down) why_down = entry->why_down;
    // Nobody gets it unless nobody refuses it, so that publishing again does not duplicate.
    else if (known &&
             (std::ranges::any_of(entry->hearing_host(), refused) || !fan_out(*entry, 0, pick, message, pool, sent)))
      sent.refused = 1;
    else if (known && route.latch != nullptr)
      route.latch->keep({options.key.value, 0, true, false, origin_ns}, payload_of(message, pool));
  }
  if (shut_.load(std::memory_order_relaxed))
    return error(ErrorCode::Stopped, "\"{}\": the host was stopped", route.name);
  if (!known) return error(ErrorCode::NoSuchRoute, "no plugin hears or makes \"{}\" now: check `shunt ls`", route.name);
  if (!why_down.empty()) return tl::make_unexpected(turned_away(route, why_down));
  if (sent.used_up != nullptr) {
    route.counters.failed.fetch_add(1, std::memory_order_relaxed);
    return tl::make_unexpected(no_chunk(*sent.used_up, built.bytes));
  }
  if (sent.refused > 0) {
    route.counters.failed.fetch_add(1, std::memory_order_relaxed);
    return error(ErrorCode::RingFull,
                 "a receiver of \"{}\" does not keep up and refuses more: publish again later, or choose "
                 "another `slow_consumer`",
                 route.name);
  }
  return sent;
}

bool Hub::refuses(const Target& target, bool urgent) noexcept {
  if (target.outlet->waiting() == 0) return false;
  if (urgent && target.instance != nullptr && target.instance->has_urgent_room()) return false;
  if (target.instance != nullptr) flush(target);
  // What was flushed leaves room in the ring, even where nothing may wait.
  return target.outlet->waiting() > 0 && target.outlet->would_refuse();
}

/// To the receivers from `first` on. All of them get it; or, where one that must not lose it has no chunk for it,
/// nobody does: then false. A receiver of another compartment may not read `pool`, so there is a copy for it, made
/// before anybody is sent anything.
bool Hub::fan_out(const RouteEntry& entry, std::size_t first, const Pick& pick, Message& message, InboundPool* pool,
                  Sent& sent) noexcept {
  while (first < entry.hear_host && !entry.targets[first].gets(pick)) ++first;
  if (first == entry.hear_host) return true;
  const Target& target = entry.targets[first];
  InboundPool& theirs = *target.outlet->pool;
  if (message.header.place != bus::Place::Chunk || &theirs == pool) {
    if (!fan_out(entry, first + 1, pick, message, pool, sent)) return false;
    count(deliver(entry, target, message, nullptr), sent);
    return true;
  }
  Message copied = message;
  bool copy = copy_to(theirs, copied, pool);
  if (!copy && make_room(entry.hearing_host(), theirs, message.header)) copy = copy_to(theirs, copied, pool);
  if (!copy && target.outlet->policy == SlowConsumer::Refuse)
    return target.outlet->count_refused(), sent.used_up = &theirs, false;
  if (!copy) theirs.count_no_chunk(message.header.payload_bytes);
  const bool all = fan_out(entry, first + 1, pick, message, pool, sent);
  if (all && copy) count(deliver(entry, target, copied, nullptr), sent);
  else if (all) target.outlet->count_no_chunk(), ++sent.dropped;
  if (copy) let_go(copied.header, theirs);
  return all;
}

/// Puts a copy in `to` in the place of the message's chunk of `from`, or of the payload that it has inside; the caller
/// lets go of it. False: there is no chunk.
bool Hub::copy_to(InboundPool& to, Message& message, const InboundPool* from) noexcept {
  bus::MessageHeader& header = message.header;
  const auto copy = find_chunk(to, header.payload_bytes);
  if (!copy) return false;
  const auto payload = payload_of(message, from);
  std::memcpy(copy->data, payload.data(), payload.size());
  if (header.place == bus::Place::Inline) message.content = {};
  header.place = bus::Place::Chunk;
  header.chunk = copy->chunk;
  header.generation = copy->generation;
  header.payload_offset = 0;
  return true;
}

/// A request that was built when its route had no server, or another one: its chunk is not where the target reads.
Result<Delivered> Hub::deliver_copy(const RouteEntry& entry, const Target& target, Message& message,
                                    const InboundPool& pool, InFlight& request) {
  InboundPool& theirs = *target.outlet->pool;
  if (!copy_to(theirs, message, &pool)) return tl::make_unexpected(no_chunk(theirs, message.header.payload_bytes));
  const Delivered delivered = deliver(entry, target, message, &request);
  let_go(message.header, theirs);
  return delivered;
}

Result<ReceivedBytes> Hub::call(const RouteInfo& route, InboundPool* pool, const bus::Built& built,
                                const CallRequest& request) {
  PendingCall pending;
  const std::uint64_t correlation = send_request(route, pool, built, request, pending);
  if (correlation == 0) return failed(route, std::move(*pending.failure));
  return await(pending, correlation, route, request);
}

/// Its correlation: from then on `pending` is completed, by whoever, or abandoned. 0: it was not sent, and its failure
/// says why.
std::uint64_t Hub::send_request(const RouteInfo& route, InboundPool* pool, const bus::Built& built,
                                const CallRequest& request, PendingCall& pending) {
  const auto not_sent = [&](Error why) { return pending.failure.emplace(std::move(why)), std::uint64_t{0}; };
  InFlight record;
  record.route = &route;
  record.caller = &pending;
  record.deadline_ns = request.deadline_ns;
  record.asked_ns = request.asked_ns;
  record.sent_ns = request.asked_ns;
  record.is_keyed = request.key != 0;
  auto delivered = Delivered::Refused;
  enum class Why : std::uint8_t { Sent, NoRoute, Down, Unfit } why = Why::Sent;
  std::string why_down;        // empty, and no allocation, unless it is
  std::optional<Error> unfit;  // likewise: no chunk, or no version
  {
    const EndOfLoan loan{pool, built};
    Message message = message_for(route, bus::Kind::Request, built);
    message.header.deadline_ns = request.deadline_ns;
    if (request.origin_ns != 0) bus::set_origin(message.header, request.origin_ns);
    const RcuReader reader;
    const RouteEntry* const entry = tables_.current().find(route.id);
    const auto take = [&](Result<Delivered>&& sent) {
      if (sent) delivered = *sent;
      else why = Why::Unfit, unfit = std::move(sent).error();
    };
    if (entry == nullptr || entry->targets.empty()) why = Why::NoRoute;
    else if (entry->down) why = Why::Down, why_down = entry->why_down;
    else if (request.hints != nullptr) [[unlikely]] take(deliver_hinted(*entry, message, pool, request, record));
    else if (const Target& target = entry->server(entry->pick(request.key));
             message.header.place != bus::Place::Chunk || target.outlet->pool.get() == pool) [[likely]]
      delivered = deliver(*entry, target, message, &record);
    else take(deliver_copy(*entry, target, message, *pool, record));
  }
  if (shut_.load(std::memory_order_relaxed)) {
    // shut() may have looked before our record was there: take it back, unless somebody is completing it.
    if (record.correlation != 0 && in_flight_.abandon(record.correlation, Ending::LetGo) == nullptr)
      return record.correlation;
    return not_sent({ErrorCode::Stopped, fmt::format("\"{}\": the host was stopped", route.name)});
  }
  if (why == Why::NoRoute)
    return not_sent({ErrorCode::NoSuchRoute, fmt::format("no plugin serves \"{}\": check `shunt ls`", route.name)});
  if (why == Why::Down) return not_sent(turned_away(route, why_down));
  const bool refused = delivered == Delivered::Refused || delivered == Delivered::DroppedNewest;
  if (why == Why::Sent && (!refused || record.correlation != 0) && delivered != Delivered::OverQuota)
    return record.correlation;  // or its outcome came before it was refused
  route.counters.failed.fetch_add(1, std::memory_order_relaxed);
  if (why == Why::Unfit) return not_sent(std::move(*unfit));
  if (delivered == Delivered::OverQuota) {
    drain();  // answers to calls that were given up may lie there and count: one who only calls takes them, too
    return not_sent(over_quota(route));
  }
  return not_sent({ErrorCode::RingFull, fmt::format("\"{}\" does not keep up: {} calls are in flight; call again later",
                                                    route.name, in_flight_.on_route(route.id).now)});
}

/// For whoever sends over a route that is down.
Error Hub::turned_away(const RouteInfo& route, const std::string& why_down) {
  route.counters.turned_away.fetch_add(1, std::memory_order_relaxed);
  return {ErrorCode::NotServing, fmt::format("\"{}\" is not served now: {}", route.name, why_down)};
}

/// For the one who asked once too often.
Error Hub::over_quota(const RouteInfo& route) {
  const std::uint32_t most = route.settings.in_flight_max;
  if (in_flight_.size() >= in_flight_.places())
    return {ErrorCode::QuotaExceeded, fmt::format("\"{}\": the host has {} calls in flight, as many as it can have: "
                                                  "wait for answers",
                                                  route.name, in_flight_.places())};
  return {ErrorCode::QuotaExceeded,
          fmt::format("\"{}\" has {} calls in flight, and {} may be: wait for answers, or raise its `in_flight_max`",
                      route.name, in_flight_.on_route(route.id).now, most)};
}

}  // namespace shunt::host

namespace shunt {

/// Errors: TooLarge, where the route wants its payloads inside messages, or keeps them, and this one does not fit; its
/// loan is over.
Status RouteHandle::check_place(const Chunks& chunks, const bus::Built& built) const {
  const bool fits_inside = route_->settings.payload != PayloadPlace::Inline || built.bytes <= bus::kInlineBytesMax;
  const bool can_be_kept = route_->latch == nullptr || built.bytes <= route_->settings.latched_bytes;
  if (fits_inside && can_be_kept) return {};
  if (built.sample.handle != 0) chunks.pool_->release({static_cast<std::uint32_t>(built.sample.handle)});
  if (!can_be_kept)
    return error(ErrorCode::TooLarge,
                 "\"{}\" keeps what is published on it, up to {} bytes, and this has {}: raise its "
                 "`latched_bytes`",
                 route_->name, route_->settings.latched_bytes, built.bytes);
  return error(ErrorCode::TooLarge, "\"{}\": {} bytes do not fit inside a message ({}): set its `payload` to \"auto\"",
               route_->name, built.bytes, bus::kInlineBytesMax);
}

Result<Delivery> RouteHandle::publish(const Chunks& chunks, const bus::Built& built,
                                      const PublishOptions& options) const {
  SHUNT_CHECK(check_place(chunks, built));
  SHUNT_TRY(sent, core_->hub->publish(*route_, chunks.pool_, built, options));
  return Delivery{sent.in_ring, sent.in_backlog, sent.dropped, sent.conflated};
}

}  // namespace shunt
