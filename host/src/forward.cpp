/// From plugin to plugin: descriptors pass through here, and every decision about them is made here.

#include "hinted_content.hpp"
#include "hub.hpp"
#include "latch.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/schemas/control_generated.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <utility>

#include <flatbuffers/flatbuffers.h>

namespace shunt::host {
namespace {

/// Of a call that a plugin makes without being called itself. It may ask for the end of time, and each of its calls
/// takes a place that others need.
constexpr std::int64_t kUnaskedMaxNs = std::chrono::nanoseconds{std::chrono::minutes{1}}.count();

/// Whether it is a publication that its plugin calls urgent: then it came by the ring for those.
bool is_urgent(const bus::MessageHeader& header) noexcept {
  return header.kind == bus::Kind::Publication && (header.flags & bus::flag::kUrgent) != 0;
}

/// Whether this target does not get what `from` publishes: a bridge would send it out again.
bool is_echo(const Instance& from, const Target& target) noexcept {
  return !from.hears_itself && target.outlet->consumer == from.identity.plugin;
}

/// By our own record of what it follows from: what the plugin says of itself is not asked.
std::uint8_t redelivered_flag(Instance& from, const bus::MessageHeader& header) noexcept {
  return from.follows_redelivered(header.parent) ? bus::flag::kRedelivered : std::uint8_t{0};
}

/// Of a plugin's request, what an answer to it names.
bus::MessageHeader asked_by(const InFlight& record) noexcept {
  bus::MessageHeader asked;
  asked.route = record.route->id.value;
  asked.correlation = record.origin_correlation;
  return asked;
}

/// For a call that is nested in one that was answered or cancelled, or whose caller died.
Error unwanted() { return {ErrorCode::Cancelled, "nobody waits for the answer to the outer call any more"}; }

std::uint8_t flags_of(Instance& from, const bus::MessageHeader& header) noexcept {
  std::uint8_t flags = redelivered_flag(from, header);
  if (is_urgent(header)) flags |= bus::flag::kUrgent;
  return static_cast<std::uint8_t>(flags | (header.flags & bus::flag::kOrigin));
}

/// Which of these seats are of a version that `from` can call.
Split::Places suitable(Instance& from, std::uint32_t route, std::span<const Target> seats, bool before,
                       std::uint64_t table) {
  const auto found = from.wanted.find(route);
  if (found == from.wanted.end()) return ~Split::Places{0};
  Wanted& wanted = found->second;
  Wanted::Fits& fits = before ? wanted.before : wanted.now;
  if (std::exchange(fits.table, table) == table) return fits.places;
  fits.places = 0;
  for (const Target& seat : seats)
    if (wanted.versions.contains(seat.traits->version)) fits.places |= Split::Places{1} << seat.place;
  return fits.places;
}

Error no_such_version(const Instance& from, std::uint32_t route, std::span<const Target> seats) {
  std::set<std::string> serve;
  for (const Target& seat : seats) serve.insert(to_string(seat.traits->version));
  return {ErrorCode::NoSuchVersion, fmt::format("{} serves, and this plugin calls {}: switch to that",
                                                fmt::join(serve, ", "), from.wanted.at(route).text)};
}

}  // namespace

/// The same payload where plugins of `to` can read it: inside the message, with room for hints, or in a chunk that the
/// caller releases.
/// None: that pool is used up; what is kept for replies is there for them alone.
std::optional<Message> Hub::carry(Instance& from, const bus::Incoming& incoming, InboundPool& to,
                                  std::size_t hint_bytes) {
  Message message{};
  message.header.route = incoming.header.route;
  message.header.payload_bytes = incoming.header.payload_bytes;
  message.header.place = incoming.header.place;
  bus::take_origin(message.header, incoming.header);
  if (incoming.header.place == bus::Place::Inline) message.content = incoming.payload;
  if (incoming.header.place != bus::Place::Chunk && message.content.size() + hint_bytes <= bus::kInlineBytesMax)
    return message;
  message.content = {};
  message.header.place = bus::Place::Chunk;
  auto chunk = find_chunk(to, incoming.payload.size());
  if (!chunk && incoming.header.kind == bus::Kind::Reply) chunk = to.loan_for_reply(incoming.payload.size());
  if (!chunk) return std::nullopt;
  std::memcpy(chunk->data, incoming.payload.data(), incoming.payload.size());
  from.copied.fetch_add(1, std::memory_order_relaxed);
  message.header.chunk = chunk->chunk;
  message.header.generation = chunk->generation;
  return message;
}

/// All receivers take it, or none does and it stays where it is: the sender's ring fills and the sender learns of it.
bool Hub::forward_publication(Instance& from, const bus::Incoming& incoming, const RouteEntry& entry,
                              const Pick& pick) {
  if (entry.down) {
    entry.info->counters.turned_away.fetch_add(1, std::memory_order_relaxed);
    if (incoming.header.place == bus::Place::Chunk) from.give_back(incoming.header.chunk, incoming.header.generation);
    return true;
  }
  const auto targets = entry.hearing_plugins();
  const bool urgent = is_urgent(incoming.header);
  const auto refused = [&](const Target& target) { return target.gets(pick) && refuses(target, urgent); };
  if (std::ranges::any_of(targets, refused)) return false;
  const auto inbox_refuses = [&](const auto& inbox) { return inbox->would_refuse(urgent); };
  if (std::ranges::any_of(entry.inboxes, inbox_refuses)) return false;
  // What can fail comes first, and throws too: until everybody's copy is there, nobody gets any.
  const EndOfCopies end{copies_};
  if (!copy_for_targets(from, incoming, entry, pick)) return false;
  copy_for_inboxes(from, incoming, entry);
  if (Latch* const latch = entry.info->latch.get())
    latch->keep({bus::key_of(incoming.header), redelivered_flag(from, incoming.header), false, !from.hears_itself,
                 bus::origin_of(incoming.header)},
                incoming.payload);

  auto copy = copies_.begin();
  for (const Target& target : targets) {
    if (is_echo(from, target) || !target.gets(pick)) continue;
    if (copy->pool != target.outlet->pool.get()) ++copy;
    if (copy->message) static_cast<void>(deliver(entry, target, *copy->message, nullptr));
    else target.outlet->count_no_chunk(), copy->pool->count_no_chunk(incoming.payload.size());
  }
  set_aside_ |= !entry.inboxes.empty();
  for (std::size_t i = 0; i < entry.inboxes.size(); ++i) entry.inboxes[i]->put(std::move(parcels_[i]));
  if (entry.inboxes.empty() && incoming.header.place == bus::Place::Chunk)
    from.give_back(incoming.header.chunk, incoming.header.generation);
  return true;
}

/// One copy serves all targets of one compartment: they stand side by side in the table. False: there is no chunk for
/// one that must not lose it.
bool Hub::copy_for_targets(Instance& from, const bus::Incoming& incoming, const RouteEntry& entry, const Pick& pick) {
  for (const Target& target : entry.hearing_plugins()) {
    if (is_echo(from, target) || !target.gets(pick)) continue;
    InboundPool* const pool = target.outlet->pool.get();
    if (copies_.empty() || copies_.back().pool != pool) {
      Copy& copy = copies_.emplace_back(pool, carry(from, incoming, *pool));
      if (!copy.message && make_room(entry.hearing_plugins(), *pool, incoming.header))
        copy.message = carry(from, incoming, *pool);
      if (copy.message) {
        copy.message->header.kind = bus::Kind::Publication;
        copy.message->header.flags = flags_of(from, incoming.header);
        bus::set_key(copy.message->header, bus::key_of(incoming.header));
        if (entry.info->latch != nullptr) copy.message->header.parent = entry.info->latch->next();
      }
    }
    if (!copies_.back().message && target.outlet->policy == SlowConsumer::Refuse) return false;
  }
  return true;
}

/// Only the last subscription can have the chunk itself, and after it nothing fails any more; the others get copies.
void Hub::copy_for_inboxes(Instance& from, const bus::Incoming& incoming, const RouteEntry& entry) {
  parcels_.clear();
  parcels_.reserve(entry.inboxes.size());
  for (std::size_t left = entry.inboxes.size(); left > 0; --left) {
    bus::Incoming copy = incoming;
    if (left > 1) copy.header.place = bus::Place::Inline;
    parcels_.push_back({receive(from, copy, entry.info->settings.read), flags_of(from, incoming.header),
                        bus::key_of(incoming.header)});
  }
}

void Hub::forward_request(Instance& from, const bus::Incoming& incoming) {
  const bus::MessageHeader& asked = incoming.header;
  std::int64_t deadline_ns = asked.deadline_ns;
  std::int64_t asked_ns = 0;
  Epoch epoch = from.epoch();
  Hints hints;  // those of what it is made for
  if ((asked.parent & Instance::kPublicationBit) != 0) {
    const auto parent = from.publication(asked.parent);
    if (parent == Instance::Token::Unknown) return breach(from, bus::Breach::Parent);
    if (parent == Instance::Token::Past)
      return refuse_request(from, asked, {ErrorCode::Cancelled, "the message this call was made for is long done"});
    epoch = from.epoch_of(asked.parent);
    hints = from.hints_of(asked.parent);
  } else if (asked.parent != 0) {
    const auto parent = in_flight_.look_up(asked.parent, &hints);
    if (!parent && in_flight_.was_given(asked.parent)) return refuse_request(from, asked, unwanted());
    if (!parent || parent->target != &from) return breach(from, bus::Breach::Parent);
    deadline_ns = deadline_ns == 0 ? parent->deadline_ns : std::min(deadline_ns, parent->deadline_ns);
    asked_ns = parent->asked_ns;
    epoch = parent->epoch;
  }
  const RcuReader reader;
  const RouteTable& table = tables_.current();
  const RouteEntry* const entry = table.find({asked.route});
  if (entry != nullptr && entry->down && !entry->starts && !(entry->follow_ups && asked.parent != 0)) {
    entry->info->counters.turned_away.fetch_add(1, std::memory_order_relaxed);
    return refuse_request(from, asked, {ErrorCode::NotServing, entry->why_down});
  }
  const bool before = entry != nullptr && !entry->before.empty() && epoch != table.chains;
  if (entry == nullptr || (!before && entry->targets.empty()))
    return refuse_request(from, asked, {ErrorCode::NotServing, "no plugin serves this function now"});
  const std::span<const Target> seats = before ? entry->before : entry->targets;
  Split::Places places = suitable(from, asked.route, seats, before, table.epoch);
  if (!hints.empty() && places != 0) [[unlikely]] {
    const Suited suits = suited(hints, *seats.front().candidates, places);
    if (suits.passed_over || suits.places == 0) count_passed_over(*entry->info);
    places = suits.places;
    if (places == 0) return refuse_request(from, asked, no_such_version(*entry->info, hints, seats));
  }
  if (!before && hints.empty() && entry->trial != nullptr) [[unlikely]]
    if ((entry->tried & places) != 0 && entry->trial->admit()) places &= entry->tried;
  const Target* const chosen = seat_among(seats, entry->pick(0), places);
  if (chosen == nullptr) return refuse_request(from, asked, no_such_version(from, asked.route, seats));
  const Target& target = *chosen;
  const bool follows_call = asked.parent != 0 && (asked.parent & Instance::kPublicationBit) == 0;
  if (deadline_ns == 0 || !follows_call) {
    const std::int64_t default_ns = entry->info->settings.deadline.count();
    const std::int64_t most_ns = deadline_ns == 0 ? default_ns : std::max(default_ns, kUnaskedMaxNs);
    const std::int64_t now_ns = bus::now_ns();
    const std::int64_t latest_ns = now_ns + most_ns;
    if (asked_ns == 0) asked_ns = now_ns;
    deadline_ns = deadline_ns == 0 ? latest_ns : std::min(deadline_ns, latest_ns);
  }
  auto message = carry(from, incoming, *target.outlet->pool, hints.text().size());
  if (!message) {
    target.outlet->pool->count_no_chunk(incoming.payload.size());
    return refuse_request(from, asked, {ErrorCode::QuotaExceeded, "the chunks towards the called plugin are used up"});
  }
  message->header.kind = bus::Kind::Request;
  message->header.flags = flags_of(from, asked);
  message->header.deadline_ns = deadline_ns;
  HintedContent content;
  if (!hints.empty()) [[unlikely]]
    content.put(*message, hints);
  InFlight record;
  if (!hints.empty()) record.hints = &hints;
  record.route = entry->info;
  record.is_copy = from.is_shadow.load(std::memory_order_relaxed);
  record.origin = &from;
  record.origin_correlation = asked.correlation;
  record.parent = follows_call ? asked.parent : 0;
  record.deadline_ns = deadline_ns;
  record.asked_ns = asked_ns;
  if (target.outcomes != nullptr) [[unlikely]]
    record.sent_ns = bus::now_ns();
  record.epoch = epoch;
  const auto delivered = deliver(*entry, target, *message, &record, before ? Turn::Now : Turn::InOrder);
  let_go(message->header, *target.outlet->pool);
  if (delivered == Delivered::OverQuota) return refuse_request(from, asked, over_quota(*entry->info));
  if (delivered == Delivered::Unwanted) return refuse_request(from, asked, unwanted());
  if (delivered == Delivered::Refused || delivered == Delivered::DroppedNewest)
    refuse_request(from, asked, {ErrorCode::RingFull, "the called plugin does not keep up"});
}

void Hub::forward_reply(const InFlight& record, Instance& from, const bus::Incoming& incoming) {
  Instance& origin = *record.origin;
  auto message = carry(from, incoming, *origin.pool);
  if (!message) {
    origin.pool->count_no_chunk(incoming.payload.size());
    return refuse_request(origin, asked_by(record),
                          {ErrorCode::QuotaExceeded, "the chunks for the answer are used up"});
  }
  message->header.kind = bus::Kind::Reply;
  message->header.route = record.route->id.value;
  message->header.correlation = record.origin_correlation;
  message->header.status = incoming.header.status;
  // One nested call at a time leaves room; a plugin that does not read its replies loses them.
  const auto pushed = origin.push_reply(message->header, message->content);
  let_go(message->header, *origin.pool);
  if (pushed != Pushed::AtCap) return;
  origin.count_over_cap(message->header.chunk);
  refuse_request(origin, asked_by(record), {ErrorCode::QuotaExceeded, "the plugin holds as many answers as it may"});
}

/// Answers a plugin's request with an error of our own, or with what stands in for that.
void Hub::refuse_request(Instance& from, const bus::MessageHeader& request, const Error& why) {
  if (fall_back(from, request, why)) return;
  flatbuffers::FlatBufferBuilder builder(bus::kInlineBytesMax);
  // What does not fit inside the message is cut; the code says it all the same.
  builder.Finish(control::CreateFailureDirect(builder, why.message.substr(0, 120).c_str()));
  bus::MessageHeader header;
  header.route = request.route;
  header.kind = bus::Kind::Reply;
  header.place = bus::Place::Inline;
  header.correlation = request.correlation;
  header.status = static_cast<std::uint16_t>(static_cast<std::uint16_t>(why.code) + 1);
  header.payload_bytes = builder.GetSize();
  const auto payload = std::as_bytes(std::span{builder.GetBufferPointer(), builder.GetSize()});
  static_cast<void>(from.push_reply(header, payload));
}

void Hub::fail_request(const InFlight& record, const Error& why) {
  if (record.caller != nullptr) {
    set_aside_ |= record.caller->has_callback();
    return record.caller->fail(why);
  }
  if (record.origin != nullptr) refuse_request(*record.origin, asked_by(record), why);
}

}  // namespace shunt::host
