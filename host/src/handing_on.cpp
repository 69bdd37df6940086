/// Messages that wait before an empty seat, where others of its plugin are up: these take them over.

#include "hinted_content.hpp"
#include "hub.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace shunt::host {
namespace {

/// Who takes it over; null: it waits, as its seat is the only one that suits it and is filled again.
const Target* successor(const RouteEntry& entry, const Outlet& from, const QueuedMessage& message) {
  Pick pick = entry.pick(bus::key_of(message.header));
  SuitedSeats suited;
  if (const Hints hints = message.hints(); !hints.empty()) {
    suited.find(hints, entry.targets);
    pick.among = &suited;
  }
  const auto own = std::ranges::find(entry.targets, &from, [](const Target& each) { return each.outlet.get(); });
  if (own != entry.targets.end() && own->split == nullptr) return nullptr;
  const Split::Places places =
      pick.among == nullptr || own == entry.targets.end() ? ~Split::Places{0} : pick.among->of(own->consumer);
  const std::size_t place =
      own == entry.targets.end() ? Split::kNowhere : own->split->instead_of(own->place, pick, places);
  if (own != entry.targets.end() && place == Split::kNowhere) return nullptr;
  const auto is_it = [&](const Target& target) {
    const bool is_up = target.outlet->consumer == from.consumer && target.instance != nullptr;
    return is_up &&
           (own == entry.targets.end() ? target.gets(pick) : target.split == own->split && target.place == place);
  };
  const auto found = std::ranges::find_if(entry.targets, is_it);
  return found == entry.targets.end() ? nullptr : &*found;
}

/// Why a call that waits can go nowhere: who suited what it requires does not come back. None: it can.
std::optional<Error> hopeless(const RouteEntry& entry, const QueuedMessage& message) {
  if (message.header.kind != bus::Kind::Request || entry.targets.empty()) return std::nullopt;
  const Hints hints = message.hints();
  if (hints.empty() || suited(hints, *entry.targets.front().candidates).places != 0) return std::nullopt;
  return no_such_version(*entry.info, hints, entry.targets);
}

/// One whose payload lies with its outlet. What a topic keeps is nobody else's: each seat is given that for itself.
void put_kept(Outlet& to, const QueuedMessage& message) {
  std::unique_ptr<std::byte[]> kept{new std::byte[message.header.payload_bytes]};
  std::memcpy(kept.get(), message.kept, message.header.payload_bytes);
  to.put_first({message.header, {}}, std::move(kept),
               [&](const QueuedMessage& older) { Hub::let_go(older.header, *to.pool); });
}

}  // namespace

void Hub::hand_on(Outlet& from) {
  if (from.waiting() == 0) return;
  std::vector<std::pair<std::uint64_t, Error>> refused;
  hand_on(from, refused);
  if (refused.empty()) return;
  const DrainHold hold{*this};
  for (const auto& [correlation, why] : refused)
    if (const auto record = in_flight_.take(correlation)) fail_request(*record, why);
}

void Hub::hand_on(Outlet& from, std::vector<std::pair<std::uint64_t, Error>>& refused) {
  const RcuReader reader;
  const RouteEntry* const entry = tables_.current().find(from.route);
  if (entry == nullptr) return;
  const bool is_empty = std::ranges::none_of(entry->targets, [&](const Target& target) {
    return target.outlet.get() == &from && target.instance != nullptr && !target.shunned;
  });
  if (!is_empty) return;
  std::map<Outlet*, std::vector<QueuedMessage>> taken;
  from.flush([&](const QueuedMessage& message) {
    if (auto why = hopeless(*entry, message)) {
      refused.emplace_back(message.header.correlation, *std::move(why));
      let_go(message.header, *from.pool);
      return true;
    }
    const Target* const to = successor(*entry, from, message);
    if (to == nullptr) return false;
    if (!message.is_of_greeting()) taken[to->outlet.get()].push_back(message);
    return true;
  });
  for (auto& [to, messages] : taken) {
    std::vector<const QueuedMessage*> theirs;
    for (auto message = messages.rbegin(); message != messages.rend(); ++message)
      if (message->kept != nullptr) put_kept(*to, *message);
    for (const QueuedMessage& message : messages) {
      if (message.kept != nullptr) continue;
      // It started after this was published, and was given it then.
      const bool has_it = message.header.kind == bus::Kind::Publication && message.header.parent != 0 &&
                          to->was_greeted_with(message.header.parent, {});
      if (has_it) let_go(message.header, *to->pool);
      else theirs.push_back(&message);
    }
    to->put_back(theirs, [&pool = *to->pool](const QueuedMessage& older) { let_go(older.header, pool); });
  }
  if (taken.empty()) return;
  // Release pairs with the acquire in pass(): whoever drains next sees what waits.
  backlogged_.store(true, std::memory_order_release);
}

}  // namespace shunt::host
