#pragma once
/// Every request that the host has accepted and that has no outcome yet, whoever asked: the host's only record of them.
///
/// A correlation is (sequence << 16 | place): never given out twice, and checked by one comparison. Thread-safe.

#include "route_info.hpp"

#include <shunt/bus/spin.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace shunt::host {

class Instance;
class PendingCall;

struct InFlight {
  std::uint64_t correlation = 0;  ///< 0: free.
  const RouteInfo* route = nullptr;
  Instance* target = nullptr;            ///< Whose ring holds the request; null while it waits in a backlog.
  std::uint64_t position = 0;            ///< Of its slot in the target's ring; means nothing without a target.
  PendingCall* caller = nullptr;         ///< A thread of the host; null when it gave up, or for a nested call.
  Instance* origin = nullptr;            ///< The plugin that asked; null when it died, or for a thread's call.
  std::uint64_t origin_correlation = 0;  ///< What the plugin called its request.
  std::int64_t deadline_ns = 0;
  std::int64_t asked_ns = 0;  ///< When a thread of the host asked; of a nested call, the outer one. 0: not known.
};

class InFlightTable {
 public:
  static constexpr std::uint32_t kPlacesMax = 1u << 16;

  explicit InFlightTable(std::uint32_t places) : records_(places) {
    free_.reserve(places);
    for (std::uint32_t place = places; place > 0; --place) free_.push_back(place - 1);
  }

  /// Records a request and names it, in the record too. False, and counted: the table is full or the route has
  /// `route_max` in flight.
  [[nodiscard]] bool add(InFlight& record, std::uint32_t route_max) noexcept {
    const std::lock_guard lock{lock_};
    OnRoute& on_route = on_route_[record.route->id.value];
    if (free_.empty() || on_route.now >= route_max) return ++on_route.refused, false;
    ++on_route.now;
    const std::uint32_t place = free_.back();
    free_.pop_back();
    used_ = std::max(used_, place + 1);
    record.correlation = ++sequence_ << 16 | place;
    records_[place] = record;
    return true;
  }

  /// Notes whose ring it is in now, and where; null: in none. False: nobody waits for it any more.
  [[nodiscard]] bool set_target(std::uint64_t correlation, Instance* target, std::uint64_t position = 0) noexcept {
    const std::lock_guard lock{lock_};
    InFlight* const record = find(correlation);
    if (record == nullptr) return false;
    record->target = target;
    record->position = position;
    return true;
  }

  /// Takes the record out, wherever its request is.
  [[nodiscard]] std::optional<InFlight> take(std::uint64_t correlation) noexcept {
    const std::lock_guard lock{lock_};
    InFlight* const record = find(correlation);
    return record == nullptr ? std::nullopt : std::optional(remove(*record));
  }

  /// Takes the record out if it is a request to `target`: the reply is there. None: nothing of this name is in flight
  /// on that lane.
  [[nodiscard]] std::optional<InFlight> take(std::uint64_t correlation, const Instance* target) noexcept {
    const std::lock_guard lock{lock_};
    InFlight* const record = find(correlation);
    if (record == nullptr || record->target != target) return std::nullopt;
    return remove(*record);
  }

  /// The caller gives up at its deadline. True: it will not be completed any more. False: somebody is completing it
  /// now. The record stays until the plugin answers or dies; one that waits in a backlog goes.
  [[nodiscard]] bool abandon(std::uint64_t correlation, Instance** target) noexcept {
    const std::lock_guard lock{lock_};
    InFlight* const record = find(correlation);
    if (record == nullptr || record->caller == nullptr) return false;
    record->caller = nullptr;
    *target = record->target;
    if (record->target == nullptr) remove(*record);
    return true;
  }

  /// A private copy, to check what a plugin claims.
  [[nodiscard]] std::optional<InFlight> look_up(std::uint64_t correlation) noexcept {
    const std::lock_guard lock{lock_};
    InFlight* const record = find(correlation);
    return record == nullptr ? std::nullopt : std::optional(*record);
  }

  /// Whether `correlation` was ever given out.
  [[nodiscard]] bool was_given(std::uint64_t correlation) noexcept {
    const std::lock_guard lock{lock_};
    const std::uint64_t sequence = correlation >> 16;
    return sequence > 0 && sequence <= sequence_ && (correlation & 0xffff) < records_.size();
  }

  /// Changes or removes records under the lock: `visit(InFlight&)` returns true to remove. For the control thread.
  template <typename Visit>
  void for_each(Visit&& visit) {
    const std::lock_guard lock{lock_};
    for (InFlight& record : std::span{records_}.first(used_))
      if (record.correlation != 0 && visit(record)) remove(record);
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
  };
  [[nodiscard]] OnRoute on_route(RouteId route) noexcept {
    const std::lock_guard lock{lock_};
    return on_route_[route.value];
  }

  /// What a table of so many places takes of the host's private memory.
  [[nodiscard]] static constexpr std::size_t bytes(std::uint32_t places) noexcept {
    return places * (sizeof(InFlight) + sizeof(std::uint32_t)) + kRoutesMax * sizeof(OnRoute);
  }

 private:
  InFlight* find(std::uint64_t correlation) noexcept {
    const std::size_t place = correlation & 0xffff;
    if (correlation == 0 || place >= records_.size() || records_[place].correlation != correlation) return nullptr;
    return &records_[place];
  }
  InFlight remove(InFlight& record) noexcept {
    const InFlight copy = record;
    --on_route_[record.route->id.value].now;
    free_.push_back(static_cast<std::uint32_t>(record.correlation & 0xffff));
    record.correlation = 0;
    return copy;
  }

  bus::SpinLock lock_;
  std::vector<InFlight> records_;
  std::vector<std::uint32_t> free_;                                   // last used first
  std::vector<OnRoute> on_route_ = std::vector<OnRoute>(kRoutesMax);  // by RouteId
  std::uint64_t sequence_ = 0;
  std::uint32_t used_ = 0;  // places from here on were never used: the last freed is used first
};

}  // namespace shunt::host
