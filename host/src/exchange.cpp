/// A switch from its exchange on: drain, hand-over of state, cleanup of what does not stay warm. Past a drain's
/// deadline, or when a new version ends before the old ones are done, or a state does not go over, there is an exchange
/// back, of all that moved, and the new ones drain.
///
/// Until then the table leads two ways. A chain of nested calls goes the way that led when it began, at every call: it
/// sees all of a switch or nothing. What is published goes the new way at once.

#include "switching.hpp"
#include "units.hpp"

#include <algorithm>
#include <utility>

namespace shunt::host {
namespace {

constexpr std::chrono::milliseconds kTick{1};

}  // namespace

void Supervisor::exchange(const std::shared_ptr<Switching>& switching) {
  for (Move& move : switching->moves) {
    Plugin& plugin = *find(move.plugin);
    const auto meant = seats_meant(plugin, move.to_version, move.to_shares, move.to_shadow);
    for (const auto* seats : {&plugin.seats, &plugin.shadow_seats})
      for (const auto& [number, seat] : *seats) {
        move.from[number] = seat.current;
        if (!move.to.contains(number) && meant.contains(number)) move.to[number] = seat.current;
      }
    for (const auto& [number, version] : move.staged) {
      Running& running = *find(*move.to[number]);
      if (Warm* const warm = warm_of(plugin, *version, number)) warm->instance = nullptr;
      running.newcomer = false;
      running.seat = number;
      running.served = true;
      // Before the table, which its first message follows. One that awaits a state is heard once it has that.
      Instance& instance = running.process->instance();
      instance.is_shadow.store(is_shadow_seat(number), std::memory_order_relaxed);
      instance.muted.store(move.state != 0 || is_shadow_seat(number), std::memory_order_relaxed);
    }
  }
  lead_over(switching);
  for (const Move& move : switching->moves) tell_exchanged(move);
  hub_->flush_backlogs();
  drain(switching);
}

void Supervisor::tell_exchanged(const Move& move) {
  for (const auto& [number, version] : move.staged) {
    const auto from = move.from.find(number);
    const bool any = from != move.from.end() && from->second != nullptr;
    const auto left = any ? from->second->progress() : Instance::Progress{};
    const std::uint64_t in_flight = left.all_sent() - left.all_done();
    note(HostEventKind::Switched, *move.to.at(number),
         is_shadow_seat(number) ? fmt::format("gets copies of {} of 1000 messages to {}", move.to_shadow.share,
                                              to_string(move.to_version->image.version))
         : move.switches() && number < kInstancesMax
             ? fmt::format("took over from {}, which had {} messages in flight",
                           to_string(move.from_version->image.version), in_flight)
             : fmt::format("shares routes with {}", to_string(move.to_version->image.version)),
         in_flight);
  }
  for (const auto& [route, shares] : move.to_shares)
    if (const auto before = move.from_shares.find(route); before == move.from_shares.end() || before->second != shares)
      note(HostEventKind::SharesChanged, move.plugin, shares_text(shares), directory_.at({route}));
  for (const auto& [route, shares] : move.from_shares)
    if (!move.to_shares.contains(route))
      note(HostEventKind::SharesChanged, move.plugin,
           fmt::format("all to {}", to_string(move.to_version->image.version)), directory_.at({route}));
}

/// The exchange itself, either way. Those who stay send and are sent in the new epoch before the table says so; the
/// others after it, so that what they handle in the new epoch meets the new table.
void Supervisor::lead_over(const std::shared_ptr<Switching>& switching) {
  if (switching->switches()) chains_ = other(chains_);
  exchanged_ = switching;
  switching->exchanged = EventLoop::Clock::now();
  const auto is_up = [this](const auto& instance) { return instance != nullptr && find(*instance) != nullptr; };
  for (const Move& move : switching->moves) {
    Plugin& plugin = *find(move.plugin);
    for (auto& [number, seat] : plugin.seats) seat.before = {};
    // One that is led away from again was given nothing of what has a total order.
    for (const auto& [number, leaving] : switching->leaving(move))
      if (Running* const running = find(*leaving); running != nullptr && !is_shadow_seat(number))
        plugin.seats.at(number).before = {running->version, leaving, !switching->undone};
    const PluginVersion& before = switching->undone ? *move.to_version : *move.from_version;
    plugin.serving = switching->undone ? move.from_version : move.to_version;
    plugin.shares = switching->undone ? move.from_shares : move.to_shares;
    plugin.traits = switching->undone ? move.from_traits : move.to_traits;
    set_shadow(plugin, switching->undone ? move.from_shadow : move.to_shadow);
    prefer_routes(directory_, *plugin.serving, &before);
    set_seats(plugin);
    const auto sit = [&](std::uint32_t number, Seat& seat) {
      const auto staying = switching->staying(move).find(number);
      const bool is_taken = !seat.gone && staying != switching->staying(move).end() && is_up(staying->second);
      seat.current = is_taken ? staying->second : nullptr;
      if (is_taken) seat.current->set_epoch(chains_);
      seat.awaits_state = is_taken && move.state != 0 && !switching->undone;
      if (!move.staged.contains(number) || switching->undone) return;
      if (seat.backoff.is_quarantined()) seat.backoff.release();
      seat.backoff.became_active(EventLoop::Clock::now());
    };
    for (auto* seats : {&plugin.seats, &plugin.shadow_seats})
      for (auto& [number, seat] : *seats) sit(number, seat);
  }
  publish_table();
  std::set<const Instance*> leave;
  for (const Move& move : switching->moves)
    for (const auto& [number, leaving] : switching->leaving(move)) leave.insert(leaving.get());
  for (auto& [key, running] : running_)
    if (!leave.contains(key)) running.process->instance().set_epoch(chains_);
}

void Supervisor::drain(const std::shared_ptr<Switching>& switching) {
  for (const Move& move : switching->moves) {
    for (const auto& [number, leaving] : switching->leaving(move)) {
      Running* const running = find(*leaving);
      if (running == nullptr) continue;
      running->expected_end = true;
      running->process->stop_asked();
    }
    hand_on(move.plugin);  // from seats that are gone, and nobody was there
  }
  // A sender that looked at the table of before may push once more: until the last of them is through, an idle lane
  // says nothing, and what comes to it late would be sent again behind what its successor has already.
  tables_.after_readers([this, switching] {
    loop_.post([this, switching] {
      switching->began = EventLoop::Clock::now();
      switching->others.clear();
      const auto callers = switching->switches() ? callers_of(*switching) : std::set<std::string, std::less<>>{};
      for (auto& [key, running] : running_)
        if (callers.contains(running.version->name()) && !running.expected_end && !stays(*switching, key))
          switching->others.push_back({running.process->share(), running.process->instance().progress()});
      drain_tick(switching);
    });
  });
}

bool Supervisor::stays(const Switching& switching, const Instance* instance) {
  return std::ranges::any_of(switching.moves, [&](const Move& move) {
    return std::ranges::any_of(switching.staying(move),
                               [&](const auto& each) { return each.second.get() == instance; });
  });
}

/// The plugins that call a function which moves, or call one that does; by any version that serves or shares a route.
std::set<std::string, std::less<>> Supervisor::callers_of(const Switching& switching) {
  std::set<const RouteInfo*> reach;
  for (const Move& move : switching.moves) {
    reach.insert(move.from_version->functions.begin(), move.from_version->functions.end());
    reach.insert(move.to_version->functions.begin(), move.to_version->functions.end());
  }
  std::set<std::string, std::less<>> callers;
  for (bool more = true; more;) {
    more = false;
    for (const auto& [name, plugin] : plugins_) {
      const auto reaches = [&](const RouteInfo* each) { return reach.contains(each); };
      const auto calls = [&](const auto& seat) { return std::ranges::any_of(seat.second.version->calls, reaches); };
      if (callers.contains(name) || std::ranges::none_of(plugin.seats, calls)) continue;
      callers.insert(name);
      for (const auto& [number, seat] : plugin.seats)
        reach.insert(seat.version->functions.begin(), seat.version->functions.end());
      more = true;
    }
  }
  return callers;
}

/// How much of what others have belongs to chains that began before the exchange. A call that waits is nested in one
/// that somebody handles, which is enough to know of.
std::size_t Supervisor::earlier_chains(const Switching& switching) {
  std::set<const Instance*> others;
  std::size_t count = 0;
  for (const auto& [instance, then] : switching.others) {
    if (find(*instance) == nullptr) continue;
    others.insert(instance.get());
    count += instance->progress().is_through(then) ? 0 : 1;
  }
  hub_->in_flight().for_each([&](const InFlight& record) {
    count += record.epoch != chains_ && others.contains(record.target) ? 1 : 0;
    return false;
  });
  return count;
}

void Supervisor::drain_tick(const std::shared_ptr<Switching>& switching) {
  hub_->drain();
  const auto passed = EventLoop::Clock::now() - switching->began;
  const auto is_up = [this](const auto& instance) { return instance != nullptr && find(*instance) != nullptr; };
  std::chrono::nanoseconds longest{0};
  const Move* busy = nullptr;  // one of those who are not done
  const Move* dead = nullptr;  // one whose new version is
  bool leads_two_ways = false;
  for (const Move& move : switching->moves) {
    const auto& staying = switching->staying(move);
    const bool none_up = std::ranges::none_of(staying, [&](const auto& each) { return is_up(each.second); });
    for (const auto& [number, leaving] : switching->leaving(move)) {
      Running* const running = find(*leaving);
      if (running == nullptr || is_shadow_seat(number)) continue;  // nobody waits for what a shadow has
      const auto limit = running->version->configuration.deadlines.drain;
      longest = std::max(longest, limit);
      leads_two_ways = true;
      if (none_up && !move.is_one_way) dead = &move;
      if (is_done(*leaving) && (staying.contains(number) || !any_waits_before(move.plugin, number))) continue;
      busy = &move;
      if (passed < limit) continue;
      std::string why = fmt::format("{} {} did not finish what it had within {} (deadlines.drain): {}", move.plugin,
                                    to_string(leaving->identity.version), duration_text(limit), what_is_left(*leaving));
      if (!move.is_one_way) return drained(switching, error(ErrorCode::DeadlineExceeded, "{}", why));
      running->process->end(Event::DeadlinePassed, std::move(why));
    }
  }
  const std::size_t chains = busy == nullptr && leads_two_ways ? earlier_chains(*switching) : 0;
  if (busy == nullptr && chains == 0) return drained(switching, {});
  if (dead != nullptr && !switching->undone)
    return drained(switching,
                   error(ErrorCode::PluginCrashed, "{} {} ended before {} had finished what it had", dead->plugin,
                         to_string(dead->to_version->image.version), to_string(dead->from_version->image.version)));
  // Whom that one would call is started when this is over: what waits for it cannot be waited for.
  if (dead != nullptr && busy == nullptr) return drained(switching, {});
  if (busy == nullptr && passed >= longest)
    return drained(switching, error(ErrorCode::DeadlineExceeded,
                                    "calls that began before did not end within {} (deadlines.drain): {} are left",
                                    duration_text(longest), chains));
  loop_.after(kTick, [this, switching] { drain_tick(switching); });
}

/// Nothing is left that began before the exchange; or it takes too long.
void Supervisor::drained(const std::shared_ptr<Switching>& switching, const Status& status) {
  if (!status && !switching->undone && !stopping_) return undo(switching, status.error());
  if (status && switching->hands_over() && !switching->undone && !stopping_) return hand_over(switching);
  settle(switching, status);
}

/// Whom the exchange led away from goes.
void Supervisor::settle(const std::shared_ptr<Switching>& switching, const Status& status) {
  switching->awaited = 1;  // ours, until all are told
  for (const Move& move : switching->moves) {
    for (const auto& [number, leaving] : switching->leaving(move)) switching->awaited += is_shadow_seat(number) ? 0 : 1;
    Plugin* const plugin = find(move.plugin);
    if (plugin == nullptr) continue;
    for (auto& [number, seat] : plugin->seats) {
      seat.before = {};
      seat.awaits_state = false;
    }
    set_seats(*plugin);
  }
  publish_table();
  for (const Move& move : switching->moves) hand_on(move.plugin);
  hub_->flush_backlogs();  // what has a total order, or awaited a state, has waited for this
  if (status && !switching->undone) tell_handed_over(*switching);
  exchanged_ = nullptr;
  if (!status && !switching->undone) switching->outcome = error(ErrorCode::Stopped, "the host is being stopped");
  const auto gone = [this, switching](const Status&) {
    if (switching->one_less({})) finish_switch(*switching);
  };
  for (const Move& move : switching->moves)
    for (const auto& [number, leaving] : switching->leaving(move)) {
      Running* const running = find(*leaving);
      if (is_shadow_seat(number)) {  // nobody waits for it
        if (running != nullptr) retire(*running, [](const Status&) {});
      } else if (running == nullptr) {
        gone({});  // it died while it was being drained: its messages were sorted
      } else if (status) {
        retire(*running, gone);
      } else {
        running->ended.emplace_back(gone);
        running->process->end(Event::DeadlinePassed, status.error().message);
      }
    }
  gone({});
  // One whose new version has died meanwhile gives way to the one behind it.
  while (!switches_.empty() && exchanged_ == nullptr) {
    const auto next = switches_.front();
    switches_.pop_front();
    go_over(next);
  }
}

void Supervisor::undo(const std::shared_ptr<Switching>& switching, const Error& why) {
  std::string versions;
  for (const Move& move : switching->moves)
    versions.append(versions.empty() ? "" : ", ").append(to_string(move.to_version->image.version));
  switching->outcome = switching->switches() ? error(why.code, "{}: the switch to {} is undone", why.message, versions)
                                             : error(why.code, "{}: the change of shares is undone", why.message);
  const auto back = [&] {
    std::vector<std::shared_ptr<Instance>> result;
    for (const Move& move : switching->moves)
      for (const auto& [number, from] : switching->leaving(move)) result.push_back(from);
    return result;
  }();
  switching->undone = true;
  for (const auto& from : back) {
    Running* const old = find(*from);
    if (old == nullptr) continue;  // it is started again when all this is over
    old->expected_end = false;
    old->process->resume();
  }
  lead_over(switching);
  for (const auto& from : back)
    note(HostEventKind::SwitchUndone, *from, fmt::format("it serves again: {}", why.message));
  hub_->flush_backlogs();
  drain(switching);
}

}  // namespace shunt::host
