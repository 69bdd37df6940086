/// Publications that go out together: one look at the table, and one lock and one bell of each receiver.

#include "built_message.hpp"
#include "core.hpp"
#include "latch.hpp"
#include "origin_scope.hpp"
#include "push.hpp"

#include <shunt/host/route_handle.hpp>

#include <algorithm>
#include <array>

namespace shunt::host {
namespace {

constexpr std::size_t kNoPart = SIZE_MAX;

/// Whether all receivers read the chunks of these parts where they are.
bool need_no_copies(const RouteEntry& entry, std::span<const Message> messages, std::span<const Hub::Part> parts) {
  for (const Target& target : entry.hearing_host())
    for (std::size_t i = 0; i < messages.size(); ++i)
      if (messages[i].header.place == bus::Place::Chunk && target.outlet->pool.get() != parts[i].pool) return false;
  return true;
}

}  // namespace

/// As push(), for each of them. Those of a chunk that is one too many stay, and all behind it.
std::size_t Instance::push_batch(std::span<Message> messages) noexcept {
  std::size_t count = 0;
  {
    const std::lock_guard lock{send_lock_};
    if (closed_) return 0;
    auto& out = lane->sender.ring_out(bus::Ring::Data);
    const std::uint32_t reserve = out.slots() / 8;
    if (out.known_room() < reserve + messages.size()) {
      out.refresh();
      note_breach();
    }
    for (Message& message : messages) {
      bus::MessageHeader& header = message.header;
      if (out.known_room() <= reserve) break;
      if (header.place == bus::Place::Chunk) {
        const bool allowed = may_hold(header.chunk, bus::Ring::Data, header.kind);
        if (at_cap.load(std::memory_order_relaxed) == allowed) at_cap.store(!allowed, std::memory_order_relaxed);
        if (!allowed) break;
      }
      header.correlation = publication_token(out.sent());
      mark_epoch(header);
      lane->sender.push(bus::Ring::Data, header, message.content);
      if (header.place == bus::Place::Chunk) pool->hold(header.chunk);
      ++count;
    }
    if (lane->sender.held() >= kHarvestAt) harvest_locked();
  }
  if (count > 0) lane->sender.wake();
  return count;
}

/// Of the first `wanted`: as many as no receiver refuses.
std::size_t Hub::fitting(const RouteEntry& entry, std::size_t wanted, bool urgent) noexcept {
  if (urgent) return wanted;  // judged one by one
  for (const Target& target : entry.hearing_host())
    if (target.outlet->policy == SlowConsumer::Refuse) wanted = std::min(wanted, room(target, bus::Kind::Publication));
  return wanted;
}

void Hub::deliver_batch(const RouteEntry& entry, const Target& target, std::span<Message> messages,
                        Sent& sent) noexcept {
  if (target.outlet->waiting() > 0 && target.instance != nullptr) flush(target);
  if (target.outlet->waiting() == 0 && target.instance != nullptr && target.mirroring == nullptr) {
    const std::size_t pushed = target.instance->push_batch(messages);
    suspect(*target.instance);
    sent.in_ring += static_cast<std::uint32_t>(pushed);
    messages = messages.subspan(pushed);
  }
  for (Message& message : messages) count(deliver(entry, target, message, nullptr), sent);
}

Result<Hub::SentBatch> Hub::publish_batch(const RouteInfo& route, std::span<const Part> parts,
                                          const BatchOptions& options) {
  std::array<Message, kBatchMax> made;
  const bool urgent = options.urgent;
  const std::int64_t origin_ns = origin_ns_of(options.origin);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    made[i] = message_for(route, bus::Kind::Publication, *parts[i].built);
    bus::set_key(made[i].header, parts[i].key);
    if (origin_ns != 0) bus::set_origin(made[i].header, origin_ns);
  }
  std::span<Message> messages = std::span{made}.first(parts.size());
  SentBatch result;
  std::size_t one_by_one = kNoPart;  // the first that goes as a publication of its own
  {
    const Latch::Turn turn{route.latch.get()};
    const RcuReader reader;
    const RouteEntry* const entry = tables_.current().find(route.id);
    if (entry == nullptr || entry->down || urgent || entry->is_split || !options.hints.empty() ||
        !need_no_copies(*entry, messages, parts)) {
      one_by_one = 0;
    } else {
      const std::size_t fit = fitting(*entry, messages.size(), urgent);
      messages = messages.first(fit);
      if (route.latch != nullptr)
        for (std::size_t i = 0; i < fit; ++i) messages[i].header.parent = route.latch->next() + i;
      for (const Target& target : entry->hearing_host()) deliver_batch(*entry, target, messages, result.sent);
      if (route.latch != nullptr)
        for (std::size_t i = 0; i < fit; ++i)
          route.latch->keep({parts[i].key, 0, true, false, origin_ns}, payload_of(messages[i], parts[i].pool));
      if (fit < parts.size()) one_by_one = fit;  // which says why not, and counts it
      result.published = fit;
    }
  }
  for (std::size_t i = 0; i < std::min(one_by_one, parts.size()); ++i) {
    const EndOfLoan loan{parts[i].pool, *parts[i].built};
  }
  for (std::size_t i = one_by_one; i < parts.size(); ++i) {
    if (result.rest) {
      const EndOfLoan loan{parts[i].pool, *parts[i].built};
      continue;
    }
    auto sent = publish(route, parts[i].pool, *parts[i].built,
                        {.key = parts[i].key, .urgent = urgent, .origin = options.origin, .hints = options.hints});
    if (!sent) {
      result.rest = std::move(sent).error();
      continue;
    }
    ++result.published;
    result.sent.in_ring += sent->in_ring;
    result.sent.in_backlog += sent->in_backlog;
    result.sent.dropped += sent->dropped;
    result.sent.conflated += sent->conflated;
  }
  if (shut_.load(std::memory_order_relaxed))
    return error(ErrorCode::Stopped, "\"{}\": the host was stopped", route.name);
  if (result.published == 0 && result.rest) return tl::make_unexpected(*std::move(result.rest));
  return result;
}

}  // namespace shunt::host

namespace shunt {

/// Those before the first that cannot be sent are; it and the others are given back.
Result<BatchDelivery> RouteHandle::publish_batch(std::span<const Chunks> chunks, std::span<const bus::Built> built,
                                                 const BatchOptions& options) const {
  std::array<host::Hub::Part, host::Hub::kBatchMax> parts;
  std::optional<Error> unfit;
  std::size_t count = 0;
  for (; count < built.size(); ++count) {
    if (auto fits = check_place(chunks[count], built[count]); !fits) {  // its loan is over then
      unfit = std::move(fits).error();
      break;
    }
    parts[count] = {chunks[count].pool_, &built[count], options.keys.empty() ? 0 : options.keys[count].value};
  }
  for (std::size_t i = count + 1; i < built.size(); ++i) give_back(chunks[i], built[i]);
  if (count == 0) return tl::make_unexpected(*std::move(unfit));
  SHUNT_TRY(sent, core_->hub->publish_batch(*route_, std::span{parts}.first(count), options));
  BatchDelivery delivery{.published = sent.published,
                         .delivered = sent.sent.in_ring,
                         .waiting = sent.sent.in_backlog,
                         .dropped = sent.sent.dropped,
                         .conflated = sent.sent.conflated,
                         .rest = std::move(sent.rest)};
  if (!delivery.rest) delivery.rest = std::move(unfit);
  return delivery;
}

void RouteHandle::give_back(const Chunks& chunks, const bus::Built& built) noexcept {
  if (built.sample.handle != 0) chunks.pool_->release({static_cast<std::uint32_t>(built.sample.handle)});
}

}  // namespace shunt
