/// stop, drain, disable, enable and restart, for a plugin or for all of them, and the end of the host.

#include "finishing.hpp"

#include <shunt/schemas/names.hpp>
#include <shunt/schemas/nearest.hpp>

#include <algorithm>
#include <utility>

namespace shunt::host {
namespace {

/// What several plugins were late with, in one error.
struct Lateness {
  std::string text;

  void add(const Error& why) { text.append(text.empty() ? "" : "; ").append(why.message); }
  [[nodiscard]] Status status(std::string_view consequence) const {
    if (text.empty()) return {};
    return error(ErrorCode::DeadlineExceeded, "{}: {}", text, consequence);
  }
};

/// How many are yet to end of those that are stopped together, and what was cut off of them.
struct Ends {
  std::size_t left = 1;  ///< Who asks, until all are asked.
  Lateness lateness;
  Supervisor::Done done;

  void one_less() {
    if (--left == 0) done(lateness.status("it was ended with that"));
  }
};

}  // namespace

void Supervisor::note(HostEventKind kind, const std::string& plugin, std::string text, const RouteInfo* route) {
  events_.add({.kind = kind,
               .plugin = plugin,
               .version = {},
               .text = std::move(text),
               .crash = {},
               .route = route == nullptr ? std::string{} : route->name});
}

/// Of plugins and of routes that are in the table.
std::vector<std::string_view> Supervisor::known_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, plugin] : plugins_) names.push_back(name);
  const RcuReader reader;
  for (const RouteEntry& entry : tables_.current().routes)
    if (entry.kind != RouteKind::None) names.push_back(entry.info->name);  // which lives as long as the host
  return names;
}

Result<Supervisor::Subject> Supervisor::subject_of(const Scope& scope, std::string_view verb) {
  Subject subject{.everything = scope.is_everything()};
  if (subject.everything)
    for (const auto& [name, plugin] : plugins_) subject.plugins.push_back(name);
  else if (find(scope.name()) != nullptr) subject.plugins = {scope.name()};
  for (const std::string& name : subject.plugins)
    if (find(name)->switching)
      return error(ErrorCode::NotServing, "\"{}\" is being switched: {} it afterwards", name, verb);
  if (subject.everything || !subject.plugins.empty()) return subject;
  const auto names = known_names();
  const bool is_off = stopped_routes_.contains(scope.name()) || route_admissions_.of(scope.name()) != Admission::Open;
  if (is_off || std::ranges::find(names, scope.name()) != names.end())
    if (subject.route = directory_.find(scope.name()); subject.route != nullptr) return subject;
  const auto meant = nearest(scope.name(), names);
  const bool is_route = is_route_name(scope.name()) && !is_name(scope.name());
  return error(is_route ? ErrorCode::NoSuchRoute : ErrorCode::NoSuchPlugin, "there is no {} \"{}\": {}",
               is_route ? "route" : "plugin", scope.name(),
               meant ? fmt::format("did you mean \"{}\"?", *meant) : std::string{"see `shunt ls`"});
}

/// Publishes the table once if that changes anything. Says whom it changed.
std::vector<std::string> Supervisor::set_admission(const Subject& subject, Admission admission) {
  std::vector<std::string> changed;
  bool any = false;
  for (const std::string& name : subject.plugins) {
    Plugin& plugin = *find(name);
    const bool was_open = plugin_admissions_.of(name) == Admission::Open;
    const bool drains = admission == Admission::Draining;
    if (drains && plugin_admissions_.of(name) == Admission::Drained) continue;
    any |= std::exchange(plugin.follow_ups, drains && (plugin.follow_ups || (subject.everything && was_open)));
    if (plugin_admissions_.set(name, admission)) changed.push_back(name);
  }
  if (any || !changed.empty()) publish_table();
  return changed;
}

void Supervisor::disable(const Scope& scope, Done done) {
  const auto subject = subject_of(scope, "disable");
  if (!subject) return done(tl::make_unexpected(subject.error()));
  if (const RouteInfo* const route = subject->route; route != nullptr) {
    if (route_admissions_.set(route->name, Admission::Disabled)) {
      publish_table();
      note(HostEventKind::Disabled, {}, "gets nothing new", route);
    }
  } else {
    for (const std::string& name : set_admission(*subject, Admission::Disabled))
      note(HostEventKind::Disabled, name, "gets nothing new");
  }
  // Who looked at the table of before may send once more.
  tables_.after_readers([this, done = std::move(done)] { loop_.post([done] { done({}); }); });
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): as the other verbs, which the admin socket has in one table
void Supervisor::enable(const Scope& scope, Done done) {
  const auto subject = subject_of(scope, "enable");
  if (!subject) return done(tl::make_unexpected(subject.error()));
  std::vector<std::string> routes;
  if (subject->route != nullptr) routes.push_back(subject->route->name);
  if (subject->everything)
    for (const auto& [name, admission] : route_admissions_.off()) routes.push_back(name);
  std::erase_if(routes, [&](const std::string& name) { return !route_admissions_.set(name, Admission::Open); });
  const auto plugins = set_admission(*subject, Admission::Open);
  if (plugins.empty() && !routes.empty()) publish_table();
  for (const std::string& name : plugins) note(HostEventKind::Enabled, name, "gets again what is sent to it");
  for (const std::string& name : routes)
    note(HostEventKind::Enabled, {}, "messages go over it again", directory_.find(name));
  done({});
}

void Supervisor::drain(const Scope& scope, Within within, Done done) {
  const auto subject = subject_of(scope, "drain");
  if (!subject) return done(tl::make_unexpected(subject.error()));
  if (subject->route != nullptr) return drain_route(*subject->route, within, std::move(done));
  for (const std::string& name : set_admission(*subject, Admission::Draining))
    note(HostEventKind::Draining, name, "gets nothing new, and finishes what it has");
  const auto lateness = std::make_shared<Lateness>();
  const auto enabled = std::make_shared<std::string>();  // while it was drained
  const auto finishing = std::make_shared<Finishing>();
  for (const std::string& name : subject->plugins) finishing->add(name, *find(name)->serving, within);
  finishing->is_on = [this, enabled](const std::string& name) {
    if (plugin_admissions_.of(name) != Admission::Open) return find(name) != nullptr;
    *enabled = name;
    return false;
  };
  finishing->late = [this, lateness](const std::string& name, const Error& why) {
    lateness->add(why);
    note(HostEventKind::NotDrained, name, why.message);
  };
  finishing->finished = [this, subject = *subject, lateness, enabled, done = std::move(done)] {
    const Status late =
        lateness->status("it goes on, and gets nothing new: drain again to wait, or see `shunt enable`");
    bool any = false;
    for (const std::string& name : subject.plugins) {
      Plugin* const plugin = find(name);
      if (plugin == nullptr || plugin_admissions_.of(name) != Admission::Draining || !late) continue;
      any |= plugin_admissions_.set(name, Admission::Drained);
      plugin->follow_ups = false;
      note(HostEventKind::Drained, name, "has finished what it had");
    }
    if (any) publish_table();
    if (late && !enabled->empty())
      return done(error(ErrorCode::Cancelled, "\"{}\" was enabled while it was being drained", *enabled));
    done(late);
  };
  finish(finishing);
}

// ---- Stopping

/// Nobody serves there any more, and nobody comes back; who did finishes what it has.
void Supervisor::leave_seats(Plugin& plugin) {
  for (auto& [number, seat] : plugin.seats) {
    loop_.cancel(std::exchange(seat.restart, 0));
    if (seat.current != nullptr) seat.leaving = std::exchange(seat.current, nullptr);
  }
  end_shadow(plugin);
}

void Supervisor::stop(const Scope& scope, Within within, Done done) {
  const auto subject = subject_of(scope, "stop");
  if (!subject) return done(tl::make_unexpected(subject.error()));
  if (subject->route != nullptr) return stop_route(*subject->route, within, std::move(done));
  for (const std::string& name : subject->plugins) find(name)->restarting = 0;  // who restarts it hears of this
  stop_plugins(subject->plugins, "was stopped; see `shunt restart`", within, std::move(done));
}

/// Takes them off in one exchange; each ends when all have finished, or its own time is up.
void Supervisor::stop_plugins(const std::vector<std::string>& names, const std::string& why, Within within, Done done) {
  const auto ends = std::make_shared<Ends>(Ends{.lateness = {}, .done = std::move(done)});
  const auto finishing = std::make_shared<Finishing>();
  const auto leaving = std::make_shared<std::vector<std::shared_ptr<Instance>>>();
  std::set<std::string> were_stopped;
  for (const std::string& name : names) {
    Plugin& plugin = *find(name);
    if (plugin.stopped) were_stopped.insert(name);
    plugin.follow_ups = names.size() > 1 && !plugin.stopped && plugin_admissions_.of(name) == Admission::Open;
    plugin.stopped = true;
    plugin.is_quarantined = false;
    plugin.held = false;
    plugin.why_down = why;
    leave_seats(plugin);
    stop_warm(plugin);
    if (!plugin.is_leaving()) continue;
    for (const auto& [number, seat] : plugin.seats)
      if (seat.leaving != nullptr) leaving->push_back(seat.leaving);
    finishing->add(name, *plugin.serving, within);
  }
  publish_table();
  for (auto& [key, running] : running_) {  // what serves, what is being started, and what an earlier stop ends
    if (std::ranges::find(names, running.version->name()) == names.end()) continue;
    ++ends->left;
    running.ended.emplace_back([ends](const Status&) { ends->one_less(); });
    if (std::exchange(running.expected_end, true)) continue;
    running.process->stop_asked();
  }
  for (const std::string& name : names) {
    const bool finishes = find(name)->is_leaving();
    const std::uint32_t dropped = finishes ? 0 : take_down(name, why);
    if (!finishes && were_stopped.contains(name) && dropped == 0) continue;
    note(HostEventKind::Stopped, name,
         dropped == 0 ? "stopped" : fmt::format("stopped; dropped {} publications that waited for it", dropped));
  }
  const auto instances_of = [this, leaving](const std::string& name) {
    std::vector<Running*> result;
    for (const auto& instance : *leaving)
      if (Running* const running = find(*instance); running != nullptr && instance->identity.plugin == name)
        result.push_back(running);
    return result;
  };
  finishing->is_on = [instances_of](const std::string& name) { return !instances_of(name).empty(); };
  finishing->late = [instances_of, ends](const std::string& name, const Error& why_late) {
    ends->lateness.add(why_late);
    for (Running* const running : instances_of(name)) running->process->end(Event::DeadlinePassed, why_late.message);
  };
  finishing->finished = [this, leaving] {
    for (const auto& instance : *leaving) {
      if (Plugin* const plugin = find(instance->identity.plugin)) plugin->follow_ups = false;
      if (Running* const running = find(*instance)) running->process->drain_done();
    }
    if (leaving->size() > 1) publish_table();
  };
  if (!leaving->empty()) finish(finishing);
  ends->one_less();
}

// ---- Restarting

void Supervisor::restart(const Scope& scope, Within within, Done done) {
  if (stopping_) return done(error(ErrorCode::Stopped, "the host is being stopped"));
  auto subject = subject_of(scope, "restart");
  if (!subject) return done(tl::make_unexpected(subject.error()));
  if (subject->route != nullptr) return restart_route(*subject->route, within, std::move(done));
  const auto by_hand = [this](const std::string& name) { return find(name)->by_hand; };
  if (subject->everything) std::erase_if(subject->plugins, by_hand);  // nobody but who started them can again
  for (const std::string& name : subject->plugins) {
    if (by_hand(name))
      return done(error(
          ErrorCode::BadInput,
          "\"{}\" was started by hand, and the host cannot start it again: end it, and start it as before", name));
    if (find(name)->restarting != 0)
      return done(error(ErrorCode::NotServing, "\"{}\" is being restarted already: wait for it", name));
  }
  const std::uint64_t restart = ++last_restart_;
  for (const std::string& name : subject->plugins) find(name)->restarting = restart;
  stop_plugins(subject->plugins, "is being restarted", within,
               [this, names = subject->plugins, restart, done = std::move(done)](Status stopped) {
                 start_together(names, restart, std::move(stopped), done);
               });
}

/// Their routes open in one exchange, when all have started or failed.
void Supervisor::start_together(const std::vector<std::string>& names, std::uint64_t restart, Status stopped,
                                Done done) {
  struct Progress {
    std::size_t left = 1;  ///< Ours, until all are asked.
    std::vector<std::string> names;
    Status status;
    Done done;
  };
  const auto progress = std::make_shared<Progress>(Progress{.names = {}, .status = {}, .done = std::move(done)});
  const auto stopped_meanwhile = [](const std::string& name) {
    return error(ErrorCode::NotServing, "\"{}\" was stopped while it was being restarted", name);
  };
  for (const std::string& name : names) {
    const Plugin* const plugin = find(name);
    if (plugin != nullptr && plugin->restarting == restart && !stopping_) progress->names.push_back(name);
    else progress->status = stopped_meanwhile(name);
  }
  const auto one_less = [this, progress, restart, stopped = std::move(stopped), stopped_meanwhile] {
    if (--progress->left > 0) return;
    std::vector<std::string> down;
    for (const std::string& name : progress->names) {
      Plugin* const plugin = find(name);
      const bool is_ours = plugin != nullptr && plugin->restarting == restart;
      if (!is_ours && progress->status) progress->status = stopped_meanwhile(name);
      if (!is_ours) continue;
      plugin->restarting = 0;
      plugin->held = false;
      plugin->follow_ups = false;
      if (plugin->stopped && !plugin->is_served()) down.push_back(name);
    }
    publish_table();
    for (const std::string& name : down) take_down(name, "could not be started");
    hub_->flush_backlogs();
    progress->done(progress->status ? stopped : progress->status);
  };
  for (const std::string& name : progress->names) {
    Plugin& plugin = *find(name);
    plugin.held = true;
    plugin.follow_ups = progress->names.size() > 1 && plugin_admissions_.of(name) == Admission::Open;
    for (auto& [number, seat] : plugin.seats) seat.backoff.release();
    for (Warm& warm : plugin.warm) warm.backoff.release();
  }
  for (const std::string& name : progress->names) {
    progress->left += find(name)->seats.size();
    start(*find(name), [progress, one_less](const Status& started) {
      if (!started && progress->status) progress->status = started;
      one_less();
    });
    warm_up(name, {});
  }
  publish_table();  // what they send each other as they start waits for those that start later
  one_less();
}

// ---- The end of the host

void Supervisor::stop_all(Done done) {
  if (std::exchange(stopping_, true)) return await_last_end(std::move(done));
  const auto finishing = std::make_shared<Finishing>();
  finishing->host_ends = true;
  const auto leaving = std::make_shared<std::vector<std::shared_ptr<Instance>>>();
  for (auto& [name, plugin] : plugins_) {
    plugin.follow_ups = !plugin.stopped && plugin_admissions_.of(name) == Admission::Open;
    plugin.stopped = true;
    plugin.why_down = "ends with its host";
    plugin.restarting = 0;
    leave_seats(plugin);
    stop_warm(plugin);
    if (plugin.is_leaving()) finishing->add(name, *plugin.serving, {});
  }
  publish_table();
  for (auto& [instance, running] : running_) {
    running.expected_end = true;
    if (running.process->state() == State::Active || running.process->state() == State::Draining)
      leaving->push_back(running.process->share());
    running.process->stop_asked();
  }
  finishing->is_on = [this](const std::string& name) { return !serving_of(name).empty(); };
  finishing->late = [this](const std::string& name, const Error& why) {
    for (Running* running : serving_of(name)) running->process->end(Event::DeadlinePassed, why.message);
  };
  finishing->finished = [this, leaving] {
    for (const auto& instance : *leaving)
      if (Running* const running = find(*instance)) running->process->drain_done();
  };
  if (!leaving->empty()) finish(finishing);
  await_last_end(std::move(done));
}

void Supervisor::end_now(Done done) {
  stop_all([](const Status&) {});
  for (auto& [instance, running] : running_) running.process->end_now();
  await_last_end(std::move(done));
}

void Supervisor::await_last_end(Done ended) {
  if (running_.empty()) return ended({});
  loop_.after(kFinishingTick, [this, ended = std::move(ended)]() mutable { await_last_end(std::move(ended)); });
}

}  // namespace shunt::host
