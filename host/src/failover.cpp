/// Delivery after a death: every message that the dead instance was sent gets exactly one outcome.
///
///     done                      done; a request without an answer is an unknown outcome
///     done before another       done
///     begun, not done           unknown; sent once more, marked, where its version declares it idempotent
///     begun by two instances    poison: unknown, never sent again
///     not begun                 waits in front of its outlet for the next instance, in order, or goes to another seat
///     of
///                               its plugin that is up; a call that nobody waits for any more goes

#include "hub.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>

namespace shunt::host {

struct Hub::Leftover {
  QueuedMessage message;
  bool begun = false;
  bool gone = false;  ///< It gave the payload back and did not say that it was done: there is nothing to send again.
};

namespace {

/// Of the seat; of another one of the plugin where the route has this one no more.
std::shared_ptr<Outlet> outlet_of(const RouteTable& table, std::uint32_t route, const std::string& plugin,
                                  std::uint32_t seat) {
  const RouteEntry* const entry = table.find({route});
  if (entry == nullptr) return nullptr;
  std::shared_ptr<Outlet> result;
  for (const Target& target : entry->targets) {
    if (target.outlet->consumer != plugin) continue;
    if (target.outlet->seat == seat) return target.outlet;
    if (result == nullptr) result = target.outlet;
  }
  return result;
}

}  // namespace

/// From our own ring, which the plugin could not write; how far it got is its own word, checked to be possible.
std::vector<Hub::Leftover> Hub::leftovers(Instance& dead) {
  std::vector<Leftover> urgent;
  dead.for_each_urgent([&](const UrgentInFlight::Sent& sent, bool begun) {
    Leftover& leftover = urgent.emplace_back();
    leftover.message.header = sent.header;
    leftover.message.slot = sent.slot;
    leftover.begun = begun;
  });
  std::vector<Leftover> result = data_leftovers(dead);
  for (Leftover& each : urgent) {
    const bus::MessageHeader& header = each.message.header;
    each.gone = header.place == bus::Place::Chunk && dead.with_sender([&](bus::LaneSender& sender) {
      return !sender.holds(header.chunk, header.generation);
    });
    each.begun = each.begun || each.gone;
  }
  result.insert(result.begin(), std::make_move_iterator(urgent.begin()), std::make_move_iterator(urgent.end()));
  return result;
}

std::vector<Hub::Leftover> Hub::data_leftovers(Instance& dead) {
  return dead.with_sender([](bus::LaneSender& sender) {
    const auto& ring = sender.ring_out(bus::Ring::Data);
    const auto marks = sender.marks(bus::Ring::Data);
    // After a breach the marks are worth nothing: everything that may have been begun counts as begun.
    const bool credible = sender.breach() == bus::Breach::None;
    const std::uint64_t oldest = ring.sent() > ring.slots() ? ring.sent() - ring.slots() : 0;
    std::vector<Leftover> result;
    for (std::uint64_t position = std::max(credible ? marks.done : oldest, oldest); position < ring.sent();
         ++position) {
      const bus::Slot& slot = ring.slot(position);
      const bool begun = position < marks.begun;
      const auto standing = credible && begun ? sender.standing(position) : bus::Standing::AsMarked;
      if (standing == bus::Standing::Done) continue;
      Leftover& leftover = result.emplace_back();
      leftover.message.header = slot.header;
      std::memcpy(leftover.message.slot.data(), slot.payload.data(), bus::content_bytes_of(slot.header));
      leftover.gone =
          slot.header.place == bus::Place::Chunk && !sender.holds(slot.header.chunk, slot.header.generation);
      leftover.begun = !credible || (begun && standing != bus::Standing::Waiting) || leftover.gone;
    }
    return result;
  });
}

/// True: it shall be sent again, and says so itself where it may have been done already.
bool Hub::settle(Leftover& leftover, const Instance& dead, Outlet& outlet, const std::string& why,
                 const std::string& account) {
  bus::MessageHeader& header = leftover.message.header;
  const bool may_repeat = dead.permission(header.route).repeat;
  const bool poison = (header.flags & bus::flag::kRedelivered) != 0;
  const bool request = header.kind == bus::Kind::Request;
  const auto record = request ? in_flight_.look_up(header.correlation) : std::nullopt;
  if (request && !record) return false;  // answered
  const bool wanted = !request || record->wanted();
  const bool again = wanted && (!leftover.begun || (may_repeat && !poison && !leftover.gone));
  if (leftover.begun && again) {
    header.flags |= bus::flag::kRedelivered;
    outlet.count_redelivered();
  }
  if (request) {
    if (again) return in_flight_.set_no_target(header.correlation);  // unless it was cancelled this moment
    if (leftover.begun) outlet.count_unknown();
    if (const auto taken = in_flight_.take(header.correlation, Ending::Failed))
      fail_request(
          *taken, {ErrorCode::OutcomeUnknown,
                   fmt::format("\"{}\": {} inside the handler{}; done or not done, nobody knows{}", record->route->name,
                               why, poison ? ", the second instance that this request ended" : "", account)});
    return false;
  }
  if (!again) outlet.count_unknown();
  return again;
}

void Hub::fail_over(Instance& dead, std::uint32_t seat, const std::string& why, const std::string& account) {
  dead.close();
  const DrainHold hold{*this};
  // What a shadow had were copies: nobody else is given them, and they say nothing of a version that was told to end.
  const bool is_shadow = dead.is_shadow.load(std::memory_order_relaxed);
  std::vector<Leftover> messages = is_shadow ? std::vector<Leftover>{} : leftovers(dead);
  {
    const RcuReader reader;
    const RouteTable& table = tables_.current();
    std::map<std::shared_ptr<Outlet>, std::vector<const QueuedMessage*>> again;
    for (Leftover& leftover : messages) {
      const auto outlet = outlet_of(table, leftover.message.header.route, dead.identity.plugin, seat);
      if (outlet == nullptr) continue;
      const bus::MessageHeader& header = leftover.message.header;
      const bool is_kept = header.kind == bus::Kind::Publication && header.parent != 0;
      if (is_kept && leftover.begun) outlet->note_struck(header.parent);
      if (!settle(leftover, dead, *outlet, why, account)) continue;
      if (is_kept && outlet->was_greeted_with(header.parent, dead.identity.id)) continue;  // its successor has it
      if (header.place == bus::Place::Chunk) dead.pool->hold(header.chunk);
      again[outlet].push_back(&leftover.message);
    }
    for (const auto& [outlet, theirs] : again)
      outlet->put_back(theirs, [&](const QueuedMessage& older) { let_go(older.header, *dead.pool); });
  }
  dead.with_sender(
      [&](bus::LaneSender& sender) { sender.reclaim([&](bus::ChunkId chunk) { dead.pool->release(chunk); }); });
  in_flight_.abandon_calls_of(&dead);
  std::vector<InFlight> orphans;
  in_flight_.for_each(
      [&](const InFlight& record) {
        if (record.target != &dead) return false;
        orphans.push_back(record);
        return true;
      },
      is_shadow ? Ending::LetGo : Ending::Failed);
  for (const InFlight& record : orphans)
    fail_request(record, {ErrorCode::OutcomeUnknown,
                          fmt::format("\"{}\": {} before it answered; done or not done, nobody knows{}",
                                      record.route->name, why, account)});
  tell_cancelled(in_flight_.untold());
}

void Hub::fail_waiting(const std::string& plugin, const Error& why) {
  const DrainHold hold{*this};
  {
    const RcuReader reader;
    for (const RouteEntry& entry : tables_.current().routes)
      entry.for_each_seat([&](const Target& target) {
        if (target.outlet->consumer != plugin || entry.kind != RouteKind::Function) return;
        target.outlet->flush([&](QueuedMessage& message) {
          if (const auto record = in_flight_.take(message.header.correlation)) fail_request(*record, why);
          let_go(message.header, *target.outlet->pool);
          return true;
        });
      });
  }
}

}  // namespace shunt::host
