/// A last will on its way to the receivers of its topic: as an urgent publication, and where that has no room, in front
/// of what waits.

#include "hub.hpp"
#include "latch.hpp"
#include "push.hpp"

#include <cstring>

namespace shunt::host {
namespace {

constexpr std::uint8_t kFlags = bus::flag::kUrgent | bus::flag::kLastWill;

}  // namespace

/// Taken by the ring of replies, or the first that the receiver hears once there is room. Where its pool has no chunk
/// now it waits in memory of ours.
void Hub::send_first(const Target& target, Message& message, std::span<const std::byte> payload, Sent& sent) {
  Outlet& outlet = *target.outlet;
  const bool in_chunk = message.header.place == bus::Place::Chunk;
  const bool is_there = in_chunk || message.header.place == bus::Place::Inline;
  if (target.instance != nullptr && is_there) {
    const auto pushed = target.instance->push_urgent(message.header, message.content);
    suspect(*target.instance);
    if (pushed == Pushed::Yes) return static_cast<void>(++sent.in_ring);
  }
  std::unique_ptr<std::byte[]> kept;
  if (in_chunk) outlet.pool->hold(message.header.chunk);
  if (!is_there) {
    if (!outlet.pool->geometry().class_for(payload.size()))
      return outlet.count_no_chunk(), static_cast<void>(++sent.dropped);
    kept.reset(new std::byte[payload.size()]);
    std::memcpy(kept.get(), payload.data(), payload.size());
  }
  outlet.put_first(message, std::move(kept), [&](const QueuedMessage& older) { let_go(older.header, *outlet.pool); });
  ++sent.in_backlog;
  // Release pairs with the acquire in pass(): whoever drains next sees what waits.
  backlogged_.store(true, std::memory_order_release);
  if (target.instance != nullptr) suspect(*target.instance);  // nobody may drain: the watch sends it then
}

Result<Sent> Hub::publish_last_will(const RouteInfo& route, const LastWill& will) {
  const std::span<const std::byte> payload = will.payload();
  const DrainHold hold{*this};
  const Latch::Turn turn{route.latch.get()};
  const RcuReader reader;
  const RouteEntry* const entry = tables_.current().find(route.id);
  if (entry == nullptr) return error(ErrorCode::NoSuchRoute, "nobody declares \"{}\" any more", route.name);
  if (entry->down) {
    route.counters.turned_away.fetch_add(1, std::memory_order_relaxed);
    return error(ErrorCode::NotServing, "{}", entry->why_down);
  }
  Message message{};
  message.header.route = route.id.value;
  message.header.kind = bus::Kind::Publication;
  message.header.flags = kFlags;
  message.header.payload_bytes = static_cast<std::uint32_t>(payload.size());
  bus::set_key(message.header, will.key);
  if (route.latch != nullptr) message.header.parent = route.latch->next();
  const bool fits = payload.size() <= bus::kInlineBytesMax;
  if (fits) {
    message.header.place = bus::Place::Inline;
    message.content = payload;
  }
  Sent sent;
  const EndOfCopies end{copies_};
  const Pick pick = entry->pick(will.key);
  for (const Target& target : entry->hearing_plugins()) {
    if (!target.gets(pick)) continue;
    Message copy = message;
    InboundPool& pool = *target.outlet->pool;
    if (!fits && (copies_.empty() || copies_.back().pool != &pool)) {
      copies_.emplace_back(&pool, std::nullopt);
      if (const auto chunk = find_chunk(pool, payload.size())) {
        std::memcpy(chunk->data, payload.data(), payload.size());
        Message& made = copies_.back().message.emplace(message);
        made.header.place = bus::Place::Chunk;
        made.header.chunk = chunk->chunk;
        made.header.generation = chunk->generation;
      }
    }
    if (!fits && copies_.back().message) copy = *copies_.back().message;
    send_first(target, copy, payload, sent);
  }
  for (const auto& inbox : entry->inboxes) {
    ArenaBlock* const block = arena_->take(payload.size());
    std::memcpy(block->data, payload.data(), payload.size());
    block->origin_ns = 0;
    inbox->put({ReceivedBytes{block, block->data, payload.size(), kFlags}, kFlags, will.key});
    ++sent.in_ring;
  }
  set_aside_ |= !entry->inboxes.empty();
  if (route.latch != nullptr) route.latch->keep({will.key, bus::flag::kLastWill, false}, payload);
  return sent;
}

}  // namespace shunt::host
