#pragma once
/// Every request that the host has accepted and that has no outcome yet, whoever asked: the host's only record of them.
///
/// A correlation is (sequence << 16 | place): never given out twice, and checked by one comparison. Thread-safe.
///
/// A call whose caller gave up, or died, is unwanted, and so is what its handler called, down to the last. Its record
/// stays until the plugin answers or dies: what the plugin sends about it is no breach, and it works until it hears of
/// it. Those that have not been told so stand in a list.

#include "in_flight_record.hpp"
#include "kept_requests.hpp"
#include "route_info.hpp"
#include "shadow_book.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/bus/spin.hpp>
#include <shunt/schemas/hints.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace shunt::host {

enum class Added : std::uint8_t { Yes, Full, Unwanted };

class InFlightTable {
 public:
  static constexpr std::uint32_t kPlacesMax = InFlight::kNowhere;

  explicit InFlightTable(std::uint32_t places)
      : records_(places), hints_(std::make_unique_for_overwrite<std::byte[]>(places * sizeof(Hints))), kept_(places) {
    free_.reserve(places);
    for (std::uint32_t place = places; place > 0; --place) free_.push_back(place - 1);
  }

  /// Records a request and names it, in the record too. Full, and counted: the table is, or the route has `route_max`
  /// in flight; not counted where it is a copy. Unwanted: nobody waits for the call that it is nested in.
  /// `request`: the message itself, whose chunk is of `pool`, to be kept; null: it is not sent again.
  [[nodiscard]] Added add(InFlight& record, std::uint32_t route_max, const Message* request = nullptr,
                          InboundPool* pool = nullptr) noexcept {
    const std::lock_guard lock{lock_};
    InFlight* parent = nullptr;
    if (record.parent != 0) {
      parent = find(record.parent);
      if (parent == nullptr || (!parent->wanted() && !parent->is_copy)) return Added::Unwanted;
    }
    OnRoute& on_route = on_route_[record.route->id.value];
    if (record.is_copy && copies_ >= records_.size() / kCopiesPart) return Added::Full;
    if (free_.empty() || on_route.now >= route_max) return on_route.refused += record.is_copy ? 0 : 1, Added::Full;
    record.is_copy ? ++copies_ : (++on_route.ever, ++on_route.now);
    if (record.pair != nullptr) [[unlikely]]
      record.pair->hold();
    const std::uint32_t place = free_.back();
    free_.pop_back();
    used_ = std::max(used_, place + 1);
    record.correlation = ++sequence_ << 16 | place;
    records_[place] = record;
    if (record.outcomes != nullptr) [[unlikely]]
      record.outcomes->begin();
    if (record.hints != nullptr) [[unlikely]] {
      std::memcpy(hints_.get() + place * sizeof(Hints), record.hints, sizeof(Hints));
      records_[place].hints = reinterpret_cast<const Hints*>(hints_.get() + place * sizeof(Hints));
    }
    if (request != nullptr) [[unlikely]]
      records_[place].is_kept = true, kept_.keep(place_of(records_[place]), *request, *pool);
    if (parent != nullptr) enter(records_[place], InFlight::List::Nested, nullptr, parent->links.first_nested);
    return Added::Yes;
  }

  /// Notes whose ring it is in now, and where, and where a chain begins with it, in which epoch, and who counts what
  /// becomes of it. False: nobody waits for it any more.
  [[nodiscard]] bool set_target(std::uint64_t correlation, Instance* target, std::uint64_t position, Epoch epoch,
                                Outcomes* outcomes) noexcept {
    const std::lock_guard lock{lock_};
    InFlight* const record = find(correlation);
    if (record == nullptr || !record->wanted()) return false;
    if (record->is_root()) record->epoch = epoch;
    record->target = target;
    record->position = position;
    if (record->outcomes != outcomes && !record->is_copy) [[unlikely]]
      count_with(*record, outcomes);
    return true;
  }

  /// The same for one that is in no ring now.
  [[nodiscard]] bool set_no_target(std::uint64_t correlation) noexcept {
    const std::lock_guard lock{lock_};
    InFlight* const record = find(correlation);
    if (record == nullptr || !record->wanted()) return false;
    record->target = nullptr;
    record->position = 0;
    return true;
  }

  /// Takes the record out, wherever its request is.
  [[nodiscard]] std::optional<InFlight> take(std::uint64_t correlation, Ending ending = Ending::LetGo) noexcept {
    const std::lock_guard lock{lock_};
    InFlight* const record = find(correlation);
    return record == nullptr ? std::nullopt : std::optional(remove(*record, ending));
  }

  /// Takes the record out if it is a request to `target`: the reply is there. A pair that it has is the caller's to let
  /// go. None: nothing of this name is in flight on that lane.
  [[nodiscard]] std::optional<InFlight> take(std::uint64_t correlation, const Instance* target,
                                             Ending ending) noexcept {
    const std::lock_guard lock{lock_};
    InFlight* const record = find(correlation);
    if (record == nullptr || record->target != target) return std::nullopt;
    if (record->is_copy && bus::now_ns() > record->deadline_ns) ending = Ending::Failed;
    ShadowPair* const pair = std::exchange(record->pair, nullptr);
    InFlight taken = remove(*record, ending);
    taken.pair = pair;
    return taken;
  }

  /// Of a request that `target` has failed over this route, and that is to be sent once more: it has failed there, and
  /// is in no ring now (in_flight.cpp). None: it is not to be; nothing has changed.
  struct Again {
    InFlight record;  ///< A copy.
    KeptRequest request;
    std::optional<bus::LoanedChunk> chunk{};  ///< Where the request lies in one: for its payload, of the same pool.
  };
  [[nodiscard]] std::optional<Again> try_again(std::uint64_t correlation, const Instance* target, std::uint32_t route,
                                               std::int64_t now_ns) noexcept;

  /// The caller gives up; it has failed where that is because of its deadline. Who gets it completes it, and nobody
  /// else does. Null: somebody has, or is doing so now.
  [[nodiscard]] PendingCall* abandon(std::uint64_t correlation, Ending ending) noexcept {
    const std::lock_guard lock{lock_};
    InFlight* const record = find(correlation);
    if (record == nullptr || record->caller == nullptr) return nullptr;
    PendingCall* const caller = record->caller;
    disown(*record, ending);
    return caller;
  }

  /// The same for every request that somebody waits for and about which `gives_up(const InFlight&)` says so, under the
  /// lock, which is taken for a few records at a time. It completes who waits, or keeps a copy to do so afterwards.
  template <typename GivesUp>
  void abandon_if(Ending ending, GivesUp&& gives_up) {
    in_pieces([&](InFlight& record) {
      if (record.wanted() && gives_up(std::as_const(record))) disown(record, ending);
    });
  }

  /// A plugin died: nobody waits for what it called.
  void abandon_calls_of(const Instance* origin) noexcept {
    const std::lock_guard lock{lock_};
    for (InFlight& record : std::span{records_}.first(used_))
      if (record.correlation != 0 && record.origin == origin) disown(record, Ending::LetGo);
  }

  /// Of the unwanted calls about which nobody was told, the next: `use(const InFlight&)`, under the lock. One that
  /// waits in a backlog is taken out. False: all are told.
  template <typename Use>
  [[nodiscard]] bool next_untold(Use&& use) noexcept {
    const std::lock_guard lock{lock_};
    if (first_untold_ == InFlight::kNowhere) return false;
    InFlight& record = records_[first_untold_];
    use(std::as_const(record));
    if (record.target == nullptr) remove(record, Ending::LetGo);
    else leave(record);
    return true;
  }
  /// The plugin could not be told now: behind all others.
  void tell_later(std::uint64_t correlation) noexcept {
    const std::lock_guard lock{lock_};
    InFlight* const record = find(correlation);
    if (record != nullptr && record->links.list == InFlight::List::None)
      enter(*record, InFlight::List::Untold, at(last_untold_), InFlight::kNowhere);
  }
  [[nodiscard]] std::size_t untold() noexcept {
    const std::lock_guard lock{lock_};
    return untold_;
  }

  /// A private copy, to check what a plugin claims; where `hints` is given, of its hints, too.
  [[nodiscard]] std::optional<InFlight> look_up(std::uint64_t correlation, Hints* hints = nullptr) noexcept {
    const std::lock_guard lock{lock_};
    InFlight* const record = find(correlation);
    if (record == nullptr) return std::nullopt;
    if (hints != nullptr && record->hints != nullptr) *hints = *record->hints;
    return *record;
  }

  /// Whether `correlation` was ever given out.
  [[nodiscard]] bool was_given(std::uint64_t correlation) noexcept {
    const std::lock_guard lock{lock_};
    const std::uint64_t sequence = correlation >> 16;
    return sequence > 0 && sequence <= sequence_ && (correlation & 0xffff) < records_.size();
  }

  /// Changes or removes records under the lock: `visit(InFlight&)` returns true to remove. For the control thread.
  template <typename Visit>
  void for_each(Visit&& visit, Ending ending = Ending::LetGo) {
    const std::lock_guard lock{lock_};
    for (InFlight& record : std::span{records_}.first(used_))
      if (record.correlation != 0 && visit(record)) remove(record, ending);
  }

  /// Counts those that have become slow by now. Takes the lock for a few records at a time.
  void count_slow(std::int64_t now_ns) noexcept {
    in_pieces([&](InFlight& record) {
      if (record.outcomes == nullptr || record.slow || !record.outcomes->is_slow(now_ns - record.sent_ns)) return;
      record.slow = true;
      record.outcomes->become_slow();
    });
  }

  /// Of each target the request that stands first in its ring: what it has to answer next. Takes the lock for a few
  /// records at a time: what comes meanwhile may be missing, what goes meanwhile may be there. For the control thread.
  [[nodiscard]] std::map<const Instance*, InFlight> next_of_each() {
    constexpr std::size_t kAtOnce = 128;
    std::map<const Instance*, InFlight> result;
    std::array<InFlight, kAtOnce> some;
    for (std::size_t from = 0, count = kAtOnce; count == kAtOnce; from += count) {
      {
        const std::lock_guard lock{lock_};
        const auto used = std::span{std::as_const(records_)}.first(used_);
        const auto part = used.subspan(std::min(from, used.size()));
        count = std::min(part.size(), kAtOnce);
        std::ranges::copy(part.first(count), some.begin());
      }
      for (const InFlight& record : std::span{some}.first(count)) {
        if (record.correlation == 0 || record.target == nullptr) continue;
        InFlight& next = result.try_emplace(record.target, record).first->second;
        if (record.position < next.position) next = record;
      }
    }
    return result;
  }

  [[nodiscard]] std::size_t size() noexcept {
    const std::lock_guard lock{lock_};
    return records_.size() - free_.size();
  }
  [[nodiscard]] std::size_t places() const noexcept { return records_.size(); }

  /// Of one route.
  struct OnRoute {
    std::uint32_t now = 0;
    std::uint64_t refused = 0;  ///< Ever, because there were too many.
    std::uint64_t ever = 0;
  };
  [[nodiscard]] OnRoute on_route(RouteId route) noexcept {
    const std::lock_guard lock{lock_};
    return on_route_[route.value];
  }

  /// What a table of so many places takes of the host's private memory.
  [[nodiscard]] static constexpr std::size_t bytes(std::uint32_t places) noexcept {
    return places * (sizeof(InFlight) + sizeof(std::uint32_t) + sizeof(Hints) + sizeof(KeptRequest)) +
           kRoutesMax * sizeof(OnRoute);
  }

 private:
  /// Takes the lock for a few records at a time.
  template <typename Visit>
  void in_pieces(Visit&& visit) {
    constexpr std::size_t kAtOnce = 128;
    for (std::size_t from = 0;; from += kAtOnce) {
      const std::lock_guard lock{lock_};
      if (from >= used_) return;
      for (InFlight& record : std::span{records_}.first(used_).subspan(from, std::min(kAtOnce, used_ - from)))
        if (record.correlation != 0) visit(record);
    }
  }
  InFlight* find(std::uint64_t correlation) noexcept {
    const std::size_t place = correlation & 0xffff;
    if (correlation == 0 || place >= records_.size() || records_[place].correlation != correlation) return nullptr;
    return &records_[place];
  }
  InFlight remove(InFlight& record, Ending ending) noexcept {
    if (record.linked()) unlink(record);
    if (record.outcomes != nullptr) [[unlikely]]
      end(record, ending);
    if (record.is_kept) [[unlikely]]
      record.is_kept = false, kept_.let_go(place_of(record));
    if (record.pair != nullptr) [[unlikely]]
      std::exchange(record.pair, nullptr)->let_go();
    const InFlight copy = record;
    --(record.is_copy ? copies_ : on_route_[record.route->id.value].now);
    free_.push_back(static_cast<std::uint32_t>(record.correlation & 0xffff));
    record.correlation = 0;
    return copy;
  }

  static void end(InFlight& record, Ending ending) noexcept {
    if (Outcomes* const outcomes = std::exchange(record.outcomes, nullptr))
      outcomes->end(ending, record.slow, record.sent_ns);
  }
  /// Another version has it now.
  static void count_with(InFlight& record, Outcomes* outcomes) noexcept {
    end(record, Ending::LetGo);
    if (outcomes == nullptr) return;
    record.slow = false;
    record.sent_ns = bus::now_ns();
    record.outcomes = outcomes;
    outcomes->begin();
  }

  [[nodiscard]] std::uint16_t place_of(const InFlight& record) const noexcept {
    return static_cast<std::uint16_t>(&record - records_.data());
  }
  [[nodiscard]] InFlight* at(std::uint16_t place) noexcept {
    return place == InFlight::kNowhere ? nullptr : &records_[place];
  }

  /// Into a list, between two that are neighbours there; null and kNowhere at its ends.
  void enter(InFlight& record, InFlight::List list, InFlight* previous, std::uint16_t next) noexcept {
    record.links.list = list;
    record.links.previous = previous == nullptr ? InFlight::kNowhere : place_of(*previous);
    record.links.next = next;
    (previous == nullptr ? first_of(record) : previous->links.next) = place_of(record);
    if (InFlight* const following = at(next)) following->links.previous = place_of(record);
    if (list != InFlight::List::Untold) return;
    if (next == InFlight::kNowhere) last_untold_ = place_of(record);
    ++untold_;
  }
  /// Out of its list, and the nested calls of its handler out of theirs.
  [[gnu::cold]] void unlink(InFlight& record) noexcept {
    if (record.links.list != InFlight::List::None) leave(record);
    while (record.links.first_nested != InFlight::kNowhere) leave(records_[record.links.first_nested]);
  }
  /// Out of the list that it is in.
  void leave(InFlight& record) noexcept {
    InFlight::Links& links = record.links;
    (links.previous == InFlight::kNowhere ? first_of(record) : records_[links.previous].links.next) = links.next;
    if (InFlight* const following = at(links.next)) following->links.previous = links.previous;
    if (links.list == InFlight::List::Untold) {
      if (links.next == InFlight::kNowhere) last_untold_ = links.previous;
      --untold_;
    }
    links.list = InFlight::List::None;
    links.previous = links.next = InFlight::kNowhere;
  }
  /// Where the list that the record is in begins. Nested calls leave their parent's list before it goes.
  [[nodiscard]] std::uint16_t& first_of(const InFlight& record) noexcept {
    return record.links.list == InFlight::List::Untold ? first_untold_
                                                       : records_[record.parent & 0xffff].links.first_nested;
  }

  /// Nobody waits for it any more, nor for what its handler called: all of it is to be told, before what was tried
  /// before.
  void disown(InFlight& root, Ending ending) noexcept {
    InFlight* last = nullptr;
    const auto append = [&](InFlight& record) {
      if (record.links.list != InFlight::List::None) leave(record);
      record.caller = nullptr;
      record.origin = nullptr;
      end(record, ending);
      enter(record, InFlight::List::Untold, last, last == nullptr ? first_untold_ : last->links.next);
      last = &record;
    };
    append(root);
    for (InFlight* each = &root;; each = at(each->links.next)) {
      while (InFlight* const nested = at(each->links.first_nested)) append(*nested);
      if (each == last) return;
    }
  }

  bus::SpinLock lock_;
  std::vector<InFlight> records_;
  std::unique_ptr<std::byte[]> hints_;  // by place; touched only where there are any
  KeptRequests kept_;
  std::vector<std::uint32_t> free_;                                   // last used first
  std::vector<OnRoute> on_route_ = std::vector<OnRoute>(kRoutesMax);  // by RouteId
  std::uint64_t sequence_ = 0;
  std::uint32_t copies_ = 0;
  std::uint32_t used_ = 0;  // places from here on were never used: the last freed is used first
  std::uint16_t first_untold_ = InFlight::kNowhere;
  std::uint16_t last_untold_ = InFlight::kNowhere;
  std::size_t untold_ = 0;
};

}  // namespace shunt::host
