/// Sending what has hints: who suits them, and where they travel.

#include "built_message.hpp"
#include "hinted_content.hpp"
#include "hints_in.hpp"
#include "suited_seats.hpp"

#include <algorithm>
#include <set>

namespace shunt::host {

Hints Instance::hints_of(std::uint64_t token) noexcept {
  if (!any_hinted_.load(std::memory_order_relaxed)) [[likely]]
    return {};
  const std::lock_guard lock{send_lock_};
  if ((token & kUrgentBit) != 0) {
    const auto is_it = [&](const UrgentInFlight::Sent& each) { return each.header.correlation == token; };
    const auto found = std::ranges::find_if(urgent_.all(), is_it);
    return found == urgent_.all().end() ? Hints{} : hints_in(found->header, found->slot);
  }
  const bus::Slot& slot = lane->sender.ring_out(bus::Ring::Data).slot(token & ~kPublicationBit);
  return slot.header.correlation == token ? hints_in(slot.header, slot.payload) : Hints{};
}

Error no_such_version(const RouteInfo& route, const Hints& hints, std::span<const Target> targets) {
  std::set<std::string> serve;
  for (const Target& target : targets)
    if (target.candidates != nullptr)
      for (const auto& seat : target.candidates->seats) serve.insert(to_string(seat.traits->version));
  return {ErrorCode::NoSuchVersion,
          fmt::format("\"{}\": nobody suits \"{}\", of which some is required: there is {}; see `shunt route {} "
                      "--explain`",
                      route.name, hints.text(), serve.empty() ? "nobody" : fmt::format("{}", fmt::join(serve, ", ")),
                      route.name)};
}

/// Beside the payload. One that leaves them no room goes into a chunk of `to` first. Errors: TooLarge, QuotaExceeded.
Status Hub::put_hints(const RouteInfo& route, const Hints& hints, Message& message, InboundPool& to,
                      HintedContent& content) {
  if (!HintedContent::fit(message, hints)) {
    if (route.settings.payload == PayloadPlace::Inline)
      return error(ErrorCode::TooLarge,
                   "\"{}\": {} bytes and {} of hints do not fit inside a message ({}): set its `payload` to \"auto\"",
                   route.name, message.header.payload_bytes, hints.text().size(), bus::kInlineBytesMax);
    if (!copy_to(to, message, nullptr)) return tl::make_unexpected(no_chunk(to, message.header.payload_bytes));
    content.hold(to, message);
  }
  content.put(message, hints);
  return {};
}

/// From now on the pick is among those that suit. Errors: NoSuchVersion (some hear it, and nobody suits), those of
/// put_hints().
Status Hub::add_hints(const RouteEntry& entry, const Hints& hints, Pick& pick, Message& message,
                      HintedContent& content) {
  thread_local SuitedSeats seats;  // the pick's, until this thread sends the next
  seats.find(hints, entry.hearing_host());
  if (seats.any_passed_over()) count_passed_over(*entry.info);
  pick.among = &seats;
  const auto hearing = entry.hearing_host();
  const auto first = std::ranges::find_if(hearing, [&](const Target& target) { return target.gets(pick); });
  if (first == hearing.end() && !hearing.empty())
    return tl::make_unexpected(no_such_version(*entry.info, hints, hearing));
  return put_hints(*entry.info, hints, message, first == hearing.end() ? *own_pool_ : *first->outlet->pool, content);
}

/// Errors: NoSuchVersion, those of put_hints().
Result<Delivered> Hub::deliver_hinted(const RouteEntry& entry, Message& message, const InboundPool* pool,
                                      const CallRequest& request, InFlight& record) {
  const Suited seats = suited(*request.hints, *entry.targets.front().candidates);
  if (seats.passed_over || seats.places == 0) count_passed_over(*entry.info);
  const Target* const target = seat_among(entry.targets, entry.pick(request.key), seats.places);
  if (target == nullptr) return tl::make_unexpected(no_such_version(*entry.info, *request.hints, entry.targets));
  InboundPool& theirs = *target->outlet->pool;
  HintedContent content;
  if (message.header.place == bus::Place::Chunk && &theirs != pool) {
    if (!copy_to(theirs, message, pool)) return tl::make_unexpected(no_chunk(theirs, message.header.payload_bytes));
    content.hold(theirs, message);
  }
  SHUNT_CHECK(put_hints(*entry.info, *request.hints, message, theirs, content));
  record.hints = request.hints;
  return deliver(entry, *target, message, &record);
}

}  // namespace shunt::host
