/// stop, drain and restart for a single route: nothing new goes over it, and what went over it before is waited for.

#include "finishing.hpp"
#include "supervisor.hpp"
#include "units.hpp"

#include <algorithm>
#include <set>

namespace shunt::host {

/// What is waited for, and what happens then. On the control loop's thread.
struct Supervisor::RouteFinishing {
  const RouteInfo* route = nullptr;
  bool asked = false;  ///< The limit is not `deadlines.drain`, but what somebody asked for.
  std::chrono::nanoseconds limit{};
  EventLoop::Clock::time_point end{};
  /// Of a topic: instances that were sent publications of it, and how far they have to be done until they have none.
  std::map<std::shared_ptr<Instance>, Instance::Progress> marks{};
  std::function<bool()> is_on{};                  ///< False: nobody waits any more.
  std::function<void(const Status&)> finished{};  ///< Once. Errors: DeadlineExceeded, Cancelled.
};

namespace {

std::set<std::string> consumers_of(const RouteTable& table, const RouteInfo& route) {
  std::set<std::string> names;
  if (const RouteEntry* const entry = table.find(route.id); entry != nullptr)
    for (const Target& target : entry->targets) names.insert(target.outlet->consumer);
  return names;
}

std::uint64_t waiting_on(const RouteTable& table, const RouteInfo& route) {
  std::uint64_t waiting = 0;
  if (const RouteEntry* const entry = table.find(route.id); entry != nullptr)
    for (const Target& target : entry->targets) waiting += target.outlet->waiting();
  return waiting;
}

}  // namespace

void Supervisor::finish_route(std::shared_ptr<RouteFinishing> finishing, Within within) {
  std::set<std::string> consumers;
  {
    const RcuReader reader;
    consumers = consumers_of(tables_.current(), *finishing->route);
  }
  finishing->asked = within.has_value();
  for (const std::string& name : consumers)
    if (const Plugin* const plugin = find(name))
      finishing->limit = std::max(finishing->limit, plugin->serving->configuration.deadlines.drain);
  if (within) finishing->limit = *within;
  finishing->end = EventLoop::Clock::now() + finishing->limit;
  // A sender that looked at the table of before may push once more.
  tables_.after_readers(
      [this, finishing = std::move(finishing)] { loop_.post([this, finishing] { finish_route_tick(finishing); }); });
}

void Supervisor::finish_route_tick(const std::shared_ptr<RouteFinishing>& finishing) {
  hub_->drain();
  const RouteInfo& route = *finishing->route;
  if (!finishing->is_on())
    return finishing->finished(
        error(ErrorCode::Cancelled, "\"{}\" was enabled while it was being drained", route.name));
  if (!has_work(*finishing)) return finishing->finished({});
  if (EventLoop::Clock::now() >= finishing->end)
    return finishing->finished(
        error(ErrorCode::DeadlineExceeded, "what went over \"{}\" was not finished within {}{}: {}", route.name,
              duration_text(finishing->limit), finishing->asked ? "" : " (deadlines.drain)", what_is_left(route)));
  loop_.after(kFinishingTick, [this, finishing] { finish_route_tick(finishing); });
}

/// A call is on record until it is answered. A publication is not: it is done when its receiver has done all it was
/// sent up to the moment at which none waited any more.
bool Supervisor::has_work(RouteFinishing& finishing) {
  const RouteInfo& route = *finishing.route;
  if (route.function) return hub_->in_flight().on_route(route.id).now > 0;
  std::set<std::string> consumers;
  bool waits = false;
  {
    const RcuReader reader;
    consumers = consumers_of(tables_.current(), route);
    waits = waiting_on(tables_.current(), route) > 0;
  }
  if (waits) finishing.marks.clear();
  if (waits) return true;
  for (const std::string& name : consumers)
    for (Running* running : serving_of(name))
      finishing.marks.try_emplace(running->process->share(), running->process->instance().progress());
  std::erase_if(finishing.marks, [&](const auto& mark) {
    return find(*mark.first) == nullptr;  // what it had not begun waits for the next one, and is seen there
  });
  return std::ranges::any_of(finishing.marks,
                             [](const auto& mark) { return !mark.first->progress().is_through(mark.second); });
}

std::string Supervisor::what_is_left(const RouteInfo& route) {
  if (route.function) return fmt::format("calls in flight: {}", hub_->in_flight().on_route(route.id).now);
  const RcuReader reader;
  std::string text = fmt::format("publications that wait: {}", waiting_on(tables_.current(), route));
  for (const std::string& name : consumers_of(tables_.current(), route))
    for (Running* running : serving_of(name))
      if (const auto progress = running->process->instance().progress(); !progress.is_through(progress))
        text += fmt::format(", and {} has not done what it was sent", name);
  return text;
}

void Supervisor::drain_route(const RouteInfo& route, Within within, Done done) {
  const Admission before = route_admissions_.of(route.name);
  if (before != Admission::Drained && route_admissions_.set(route.name, Admission::Draining)) {
    publish_table();
    note(HostEventKind::Draining, {}, "nothing new goes over it", &route);
  }
  const auto finishing = std::make_shared<RouteFinishing>();
  finishing->route = &route;
  finishing->is_on = [this, &route] { return route_admissions_.of(route.name) != Admission::Open; };
  finishing->finished = [this, &route, done = std::move(done)](const Status& finished) {
    if (!finished && finished.error().code == ErrorCode::DeadlineExceeded) {
      note(HostEventKind::NotDrained, {}, finished.error().message, &route);
      return done(error(ErrorCode::DeadlineExceeded,
                        "{}: nothing new goes over it: drain again to wait, or see `shunt enable`",
                        finished.error().message));
    }
    if (finished && route_admissions_.of(route.name) == Admission::Draining) {
      route_admissions_.set(route.name, Admission::Drained);
      publish_table();
      note(HostEventKind::Drained, {}, "what went over it is finished", &route);
    }
    done(finished);
  };
  finish_route(finishing, within);
}

void Supervisor::stop_route(const RouteInfo& route, Within within, Done done) {
  if (stopped_routes_.insert(route.name).second) {
    publish_table();
    note(HostEventKind::Stopped, {}, "nothing goes over it any more", &route);
  }
  const auto finishing = std::make_shared<RouteFinishing>();
  finishing->route = &route;
  finishing->is_on = [] { return true; };  // also when it was opened meanwhile: what it had is waited for
  finishing->finished = [this, &route, done = std::move(done)](const Status& finished) {
    if (finished || !stopped_routes_.contains(route.name)) return done(finished);
    const auto cut =
        hub_->cut_off(route, {ErrorCode::Cancelled, fmt::format("\"{}\" was stopped before it answered", route.name)});
    done(error(ErrorCode::DeadlineExceeded, "{}: {} calls were cut off, and {} publications dropped",
               finished.error().message, cut.calls, cut.publications));
  };
  finish_route(finishing, within);
}

void Supervisor::restart_route(const RouteInfo& route, Within within, Done done) {
  stop_route(route, within, [this, &route, done = std::move(done)](const Status& stopped) {
    if (stopped_routes_.erase(route.name) > 0) {
      publish_table();
      note(HostEventKind::Enabled, {}, "messages go over it again", &route);
    }
    done(stopped);
  });
}

}  // namespace shunt::host
