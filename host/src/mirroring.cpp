/// Copies of messages for a shadow: the same chunk where a payload lies in one, since all versions of a plugin read one
/// pool. A shadow that does not keep up is not waited for, and whoever sends learns nothing of it.

#include "mirroring.hpp"

#include "hub.hpp"
#include "push.hpp"

#include <shunt/bus/clock.hpp>

#include <limits>

namespace shunt::host {

/// The pair is there before the request is: its answer may be, too, when the copy is sent.
Delivered Hub::deliver_mirrored(const RouteEntry& entry, const Target& target, Message& message, InFlight* request,
                                Turn turn) noexcept {
  const Mirroring& mirroring = *target.mirroring;
  if (!mirroring.book->admits()) return deliver_alone(entry, target, message, request, turn);
  Instance* const shadow = mirroring.next();
  ShadowPair* const pair = request == nullptr || shadow == nullptr ? nullptr : mirroring.book->begin(*entry.info);
  if (request != nullptr) request->pair = pair;
  Message copy = message;
  const Delivered delivered = deliver_alone(entry, target, message, request, turn);
  const bool is_sent = delivered != Delivered::Refused && delivered != Delivered::DroppedNewest &&
                       delivered != Delivered::OverQuota && delivered != Delivered::Unwanted;
  if (is_sent) mirroring.book->count_copy(shadow != nullptr && copy_to_shadow(mirroring, *shadow, copy, request));
  if (pair == nullptr) return delivered;
  request->pair = nullptr;  // it may be sent again
  pair->let_go();
  return delivered;
}

/// True: it is in its ring.
bool Hub::copy_to_shadow(const Mirroring& mirroring, Instance& shadow, Message& copy,
                         const InFlight* request) noexcept {
  InFlight record;
  if (request != nullptr) {
    record.route = request->route;
    record.target = &shadow;
    record.deadline_ns = request->deadline_ns;
    record.asked_ns = request->asked_ns;
    record.sent_ns = bus::now_ns();
    record.outcomes = mirroring.outcomes.get();
    record.is_copy = true;
    record.pair = request->pair;
  }
  const auto pushed = shadow.push(bus::Ring::Data, copy.header, copy.content, [&](bus::MessageHeader& header) {
    if (request == nullptr) return true;
    record.position = shadow.next_position();
    record.epoch = shadow.epoch();
    if (in_flight_.add(record, std::numeric_limits<std::uint32_t>::max()) != Added::Yes) return false;
    header.correlation = record.correlation;
    return true;
  });
  suspect(shadow);
  return pushed == Pushed::Yes;
}

}  // namespace shunt::host
