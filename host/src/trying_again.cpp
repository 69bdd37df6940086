/// A call that a plugin has failed, and may be done again: once more, in front of what waits, to whoever serves now.

#include "hub.hpp"

#include <shunt/bus/clock.hpp>

#include <array>
#include <cstring>
#include <utility>

namespace shunt::host {

/// The route; null: it is not, and its caller hears of it. One that belongs to an instance, by its key or by what its
/// chain wants, goes there again, unless a breaker leads calls away from that.
const RouteInfo* Hub::try_again(Instance& instance, const bus::MessageHeader& reply) {
  const RcuReader reader;
  const RouteEntry* const entry = tables_.current().find({reply.route});
  const Target* const its = entry == nullptr ? nullptr : entry->seat_of(instance);
  if (its == nullptr || !its->repeats || entry->down) return nullptr;
  auto again = in_flight_.try_again(reply.correlation, &instance, reply.route, bus::now_ns());
  if (!again) return nullptr;
  const InFlight& record = again->record;
  QueuedMessage& message = again->request.message;
  if (again->chunk) {
    InboundPool& pool = *again->request.pool;
    bus::MessageHeader& header = message.header;
    std::memcpy(again->chunk->data, pool.payload(header.chunk) + header.payload_offset, header.payload_bytes);
    pool.release(header.chunk);
    header.chunk = again->chunk->chunk;
    header.generation = again->chunk->generation;
    header.payload_offset = 0;
  }
  const bool goes_anywhere = its->shunned || (record.hints == nullptr && record.origin == nullptr && !record.is_keyed);
  const Target& target = goes_anywhere ? entry->server(entry->pick(0)) : *its;
  const std::array messages{&std::as_const(message)};
  target.outlet->put_back(messages,
                          [&](const QueuedMessage& dropped) { let_go(dropped.header, *target.outlet->pool); });
  backlogged_.store(true, std::memory_order_release);  // pairs with the acquire in pass()
  if (target.instance != nullptr) flush(target);
  return record.route;
}

}  // namespace shunt::host
