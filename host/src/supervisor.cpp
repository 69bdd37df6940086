#include "supervisor.hpp"

#include "attach.hpp"
#include "cpu_time.hpp"
#include "crash_report.hpp"
#include "launcher_path.hpp"
#include "switching.hpp"
#include "units.hpp"

#include <algorithm>

namespace shunt::host {
namespace {

constexpr std::chrono::milliseconds kDrainTick{1};

}  // namespace

Supervisor::~Supervisor() { tables_.wait_for_callbacks(); }

Plugin* Supervisor::find(const std::string& plugin) {
  const auto found = plugins_.find(plugin);
  return found == plugins_.end() ? nullptr : &found->second;
}

Running* Supervisor::find(const Instance& instance) {
  const auto found = running_.find(&instance);
  return found == running_.end() ? nullptr : &found->second;
}

void Supervisor::note(HostEventKind kind, const Instance& instance, std::string text, std::uint64_t in_flight,
                      std::shared_ptr<const CrashReport> crash) {
  events_.add({.kind = kind,
               .plugin = instance.identity.plugin,
               .version = to_string(instance.identity.version),
               .instance = instance.identity.id.value,
               .text = std::move(text),
               .in_flight = in_flight,
               .crash = std::move(crash)});
}

Status Supervisor::add(std::shared_ptr<PluginVersion> version) {
  Plugin& plugin = plugins_[version->name()];
  for (const auto& known : plugin.versions)
    if (known->image.version == version->image.version)
      return error(ErrorCode::BadConfiguration, "{} {} is there twice: remove one of its [[plugin]] entries",
                   version->name(), to_string(version->image.version));
  if (version->configuration.active && plugin.serving != nullptr && plugin.serving->configuration.active)
    return error(ErrorCode::BadConfiguration, "{} {} and {} are both marked active: leave it at the one to serve first",
                 version->name(), to_string(plugin.serving->image.version), to_string(version->image.version));
  if (plugin.serving == nullptr || version->configuration.active) plugin.serving = version;
  set_seats(plugin);
  if (version->configuration.warm)
    for (std::uint32_t seat = 0; seat < version->configuration.instances; ++seat)
      plugin.warm.push_back({version, seat, Backoff{version->configuration.restart}});
  plugin.known_types.add(*version);
  plugin.versions.push_back(std::move(version));
  return {};
}

/// Whose instances are to sit where: those of the version that serves, of each that shares a route with it, of each
/// that stands in for others on a route, and of the one that is tried as a shadow.
std::map<std::uint32_t, std::shared_ptr<PluginVersion>> Supervisor::seats_meant(
    const Plugin& plugin, const std::shared_ptr<PluginVersion>& serving, const std::map<std::uint32_t, Shares>& shares,
    const Shadow& shadow) {
  std::map<std::uint32_t, std::shared_ptr<PluginVersion>> meant;
  for (std::uint32_t i = 0; i < serving->configuration.instances; ++i) meant[i] = serving;
  const auto add = [&](const std::shared_ptr<PluginVersion>& version, std::uint32_t from = 0) {
    if (version == serving) return;
    const auto place = std::ranges::find(plugin.versions, version) - plugin.versions.begin();
    for (std::uint32_t i = 0; i < version->configuration.instances; ++i)
      meant[from + seat_number(static_cast<std::size_t>(place), i)] = version;
  };
  for (const auto& [route, of_route] : shares)
    for (const VersionShare& share : of_route) add(share.version);
  for (const auto& [route, guarded] : plugin.guarded) add(guarded.lts);
  if (shadow.version != nullptr) add(shadow.version, kShadowSeats);
  return meant;
}

/// As they are meant. Where somebody has something to finish, a seat that is not is gone and stays for that.
void Supervisor::set_seats(Plugin& plugin) {
  const auto meant = seats_meant(plugin);
  for (auto& [number, seat] : plugin.seats) {
    seat.gone = !meant.contains(number);
    if (seat.gone) loop_.cancel(std::exchange(seat.restart, 0));
  }
  std::erase_if(plugin.seats, [](const auto& each) {
    return each.second.gone && each.second.before.instance == nullptr && each.second.leaving == nullptr;
  });
  for (auto& [number, seat] : plugin.shadow_seats)
    if (!meant.contains(number)) loop_.cancel(std::exchange(seat.restart, 0));
  std::erase_if(plugin.shadow_seats, [&](const auto& each) { return !meant.contains(each.first); });
  for (const auto& [number, version] : meant)
    (is_shadow_seat(number) ? plugin.shadow_seats : plugin.seats)
        .try_emplace(number, Seat{.version = {}, .backoff = Backoff{version->configuration.restart}})
        .first->second.version = version;
}

// ---- Starting

Result<Running*> Supervisor::try_stage(const std::shared_ptr<PluginVersion>& version, std::uint32_t seat,
                                       bus::UniqueFd launcher) {
  bus::LaneMemory memory;
  SHUNT_TRY(lane, bus::LaneEnd::open_host(version->shape, memory, caps_in(seat, version->caps), sleepers_of(*version)));
  auto instance = std::make_shared<Instance>(Instance::Identity{{++last_instance_},
                                                                version->name(),
                                                                version->image.version,
                                                                version->image.verdict.trust != Trust::Unsigned,
                                                                version->symbols},
                                             std::move(lane), version->pool);
  instance->permitted = version->permitted();
  instance->wanted = version->wanted();
  instance->rings = sleepers_of(*version).host;
  instance->hears_itself = !version->bridge;
  instance->set_epoch(chains_);
  const Plugin& plugin = *find(version->name());
  const bool is_kept_warm = version->configuration.warm && !is_seated(plugin, version);
  instance->muted.store(is_kept_warm || plugin.stands_by(version) || is_shadow_seat(seat), std::memory_order_relaxed);
  instance->is_shadow.store(is_shadow_seat(seat), std::memory_order_relaxed);
  flatbuffers::FlatBufferBuilder attach;
  build_attach(attach, *version, *instance, configuration_.sandbox_required, find(version->name())->clock);
  auto process =
      std::make_unique<PluginProcess>(loop_, static_cast<ProcessListener&>(*this), instance, version->configuration);
  if (launcher) {
    SHUNT_CHECK(process->adopt(std::move(launcher), attach, version->image, memory));
  } else {
    SHUNT_TRY(path, program_of(*version));
    SHUNT_CHECK(process->spawn(path, attach, version->image, memory));
  }
  hub_->add_lane(instance);
  note(HostEventKind::Started, *instance,
       version->bridge ? "started, a bridge" : fmt::format("started, {}", describe(version->image.verdict)));
  Running& running = running_[instance.get()];
  running.process = std::move(process);
  running.version = version;
  running.seat = seat;
  return &running;
}

void Supervisor::stage(const std::shared_ptr<PluginVersion>& version, std::uint32_t seat, bus::UniqueFd launcher,
                       Done staged) {
  const bool by_hand = static_cast<bool>(launcher);
  const auto running = try_stage(version, seat, std::move(launcher));
  if (!running) return staged(tl::make_unexpected(running.error()));
  (*running)->staged = std::move(staged);
  (*running)->by_hand = by_hand;
}

/// An instance in every seat; `done` once for each. Where one cannot be started, none is.
void Supervisor::start(Plugin& plugin, const Done& done) {
  plugin.stopped = false;
  plugin.is_quarantined = false;
  plugin.why_down.clear();
  Status status;
  for (const auto& [number, version] : seats_meant(plugin)) {
    const bool stands_by = plugin.stands_by(version) && !version->configuration.warm;
    if (status && !stands_by) {
      const auto running = try_stage(version, number, {});
      if (running) {
        (*running)->staged = done;
        continue;
      }
      status = tl::make_unexpected(running.error());
      plugin.stopped = true;
      take_down(plugin.serving->name(),
                fmt::format("could not be started: {}; see `shunt restart`", running.error().message));
    }
    done(status);
  }
}

void Supervisor::start_all(Done done) {
  if (stopping_) return done(error(ErrorCode::Stopped, "the host is being stopped"));
  struct Progress {
    std::size_t left = 0;
    Done done;
  };
  for (const auto& [name, plugin] : plugins_)
    if (plugin.serving->bridge)  // what is wrong with the configuration is said now
      if (auto path = program_of(*plugin.serving); !path) return done(tl::make_unexpected(std::move(path).error()));
  const auto progress = std::make_shared<Progress>(Progress{0, std::move(done)});
  for (const auto& [name, plugin] : plugins_)
    progress->left += plugin.serving->bridge ? 0 : plugin.seats.size() + count_warm(plugin);
  publish_table();
  if (progress->left == 0) progress->done({});
  for (auto& [name, plugin] : plugins_) {
    if (plugin.serving->bridge) {
      start_bridge(name, plugin);
      continue;
    }
    const auto one_less = [progress](Status status) {
      if (progress->left == 0) return;  // a failure was reported already
      progress->left = status ? progress->left - 1 : 0;
      if (progress->left == 0) progress->done(std::move(status));
    };
    start(plugin, one_less);
    warm_up(name, one_less);
  }
}

Result<std::filesystem::path> Supervisor::program_of(const PluginVersion& version) const {
  if (!version.bridge) return launcher_path(configuration_.launcher);
  return bridge_path(version.bridge->configured, version.bridge->program, configuration_.launcher);
}

void Supervisor::on_active(Instance& instance) {
  Running* const running = find(instance);
  Plugin* const plugin = find(instance.identity.plugin);
  if (running == nullptr || plugin == nullptr) return;
  running->active_since = EventLoop::Clock::now();
  running->cpu_to_start = cpu_of(running->process->pid());
  if (plugin->stopped) return drain_and_retire(instance, std::exchange(running->staged, {}));  // stopped meanwhile
  if (!instance.muted.load(std::memory_order_relaxed)) note(HostEventKind::Active, instance, "serves");
  Seat* const seat = plugin->seat(running->seat);
  if (seat != nullptr && seat->current == nullptr && !seat->gone && !plugin->stopped &&
      seat->version == running->version && !running->newcomer) {
    seat->current = running->process->share();
    if (exchanged_ != nullptr) exchanged_->sits_down(instance.identity.plugin, running->seat, seat->current);
    instance.muted.store(plugin->stands_by(running->version) || is_shadow_seat(running->seat),
                         std::memory_order_relaxed);
    running->served = true;
    seat->backoff.became_active(EventLoop::Clock::now());
    publish_table();
    hand_on(instance.identity.plugin);
    hub_->flush_backlogs();
    tend_lts(instance.identity.plugin);  // it may have been wanted when it was started
  }
  if (const Done staged = std::exchange(running->staged, {})) staged({});
  retire_if_unwanted(instance);
}

/// No route leads to it: it is to be warm, or the plugin was stopped or switched away while it was being started.
void Supervisor::retire_if_unwanted(Instance& instance) {
  Running* const running = find(instance);
  const Plugin* const plugin = find(instance.identity.plugin);
  if (running == nullptr || running->expected_end) return;
  if (plugin != nullptr && (plugin->is_current(instance) || running->newcomer)) return;
  if (go_warm(*running)) return;
  running->expected_end = true;
  running->process->stop_asked();
  running->process->drain_done();
}

void Supervisor::on_init_failed(Instance& instance, const Error& why, std::chrono::milliseconds delay) {
  note(HostEventKind::PhaseFailed, instance, fmt::format("{}; again in {} ms", to_string(why), delay.count()));
}

void Supervisor::on_phase_failed(Instance& instance, Error why) {
  note(HostEventKind::PhaseFailed, instance, to_string(why));
  if (Running* const running = find(instance)) running->phase_error = std::move(why);
}

// ---- Ending

/// Kept, and counted. Before its messages get their outcomes.
std::shared_ptr<const CrashReport> Supervisor::report(const Running& running, const Death& death) {
  Instance& instance = running.process->instance();
  CrashReport report = report_of(instance, death);
  report.last = last_message(instance, hub_->in_flight(), directory_);
  report.denied = running.denied_last;
  if (running.phase_error) report.phase_error = to_string(*running.phase_error);
  if (Plugin* const plugin = find(instance.identity.plugin))
    ++plugin->crash_kinds[static_cast<std::size_t>(report.kind)];
  auto result = std::make_shared<const CrashReport>(std::move(report));
  crashes_.put(result);
  return result;
}

void Supervisor::on_ended(Instance& instance, const Death& death) {
  const auto found = running_.find(&instance);
  if (found == running_.end()) return;
  const std::shared_ptr<Instance> keep = found->second.process->share();
  Running running = std::move(found->second);
  running_.erase(found);
  const bool orderly = running.expected_end && death.is_orderly();
  const auto crash = orderly ? nullptr : report(running, death);
  const std::string how = orderly && !death.killed_by_host ? "ended as it was told to" : death.describe();
  const std::string account = crash == nullptr ? std::string{} : account_of(crash->says);
  const std::string why = fmt::format("{} {} {}", instance.identity.plugin, to_string(instance.identity.version), how);
  note(HostEventKind::Ended, instance, how + account, 0, crash);
  Plugin* const plugin = find(instance.identity.plugin);
  Seat* const seat = plugin == nullptr ? nullptr : plugin->seat(running.seat);
  const bool was_current = seat != nullptr && seat->current == keep;
  const bool was_leaving = seat != nullptr && seat->leaving == keep;
  Warm* const warm = plugin == nullptr ? nullptr : warm_of(*plugin, *running.version, running.seat);
  if (warm != nullptr && warm->instance == keep) warm->instance = nullptr;
  const bool was_before = seat != nullptr && seat->before.instance == keep;
  if (was_before) seat->before = {};
  if (was_current) seat->current = nullptr;
  if (was_current || was_before) publish_table();
  if (plugin != nullptr && !orderly && !running.expected_end) ++plugin->crashes_of[running.version.get()];
  forget(keep);  // its last messages first: replies that it had committed count
  if (!orderly) publish_last_wills(instance, running);
  hub_->fail_over(instance, running.seat, why, account);
  if (was_leaving) seat->leaving = nullptr;  // only now: it was the target of what it was sent
  hand_on(instance.identity.plugin);
  hub_->flush_backlogs();
  if (plugin != nullptr && running.by_hand && plugin->serving == running.version) plugin->stopped = true;
  if (plugin != nullptr && !orderly && !running.by_hand && !plugin->switching && !plugin->stopped && seat != nullptr &&
      seat->version == running.version && seat->current == nullptr && !seat->gone)
    crashed(instance.identity.plugin, *plugin, running.seat, why);
  if (warm != nullptr && !orderly && !plugin->stopped && !is_seated(*plugin, running.version) &&
      !is_shadow_seat(running.seat))
    warm_crashed(instance.identity.plugin, *running.version, running.seat, why);
  if (plugin != nullptr && is_down(*plugin)) take_down(instance.identity.plugin, why);
  if (running.staged) running.staged(tl::make_unexpected(death.why_not_started(running.phase_error, why + account)));
  end_advances(running, why);
  end_states_asked(running, loop_, why);
  for (const Done& ended : running.ended) ended({});
  tend_lts(instance.identity.plugin);
  if (running.by_hand) forget_joined(instance.identity.plugin, running.version);
  loop_.post([process = std::shared_ptr<PluginProcess>(std::move(running.process))] {});  // it called us: not yet
}

/// Its lane goes once receivers that refuse for now have taken what it had published.
void Supervisor::forget(std::shared_ptr<Instance> instance) {
  if (hub_->remove_lane(*instance)) return;
  loop_.after(kDrainTick, [this, instance = std::move(instance)] { forget(instance); });
}

/// No route leads to the plugin from now on, and nobody waits for it, unless it comes back at once. Says how many
/// publications were dropped.
std::uint32_t Supervisor::take_down(const std::string& name, const std::string& why) {
  Plugin* const plugin = find(name);
  if (plugin->why_down.empty()) plugin->why_down = why;
  publish_table();
  if (plugin->restarting != 0 && !plugin->held) return 0;
  const Error error{ErrorCode::NotServing, fmt::format("\"{}\" {}", name, plugin->why_down)};
  const std::uint32_t dropped = end_waiting(name, error);
  // A sender that still had the table of before may put one more request into the backlog.
  tables_.after_readers([this, name, error] {
    loop_.post([this, name, error] {
      const Plugin* const still = find(name);
      if (still != nullptr && is_down(*still) && (still->restarting == 0 || still->held)) end_waiting(name, error);
    });
  });
  return dropped;
}

std::size_t Supervisor::in_flight_with(const Instance& instance) {
  std::size_t count = 0;
  hub_->in_flight().for_each([&](const InFlight& record) {
    count += record.target == &instance || record.origin == &instance ? 1 : 0;
    return false;
  });
  return count;
}

/// For people: why a drain goes on.
std::string Supervisor::what_is_left(Instance& instance) {
  const auto progress = instance.progress();
  std::string text = fmt::format("messages not done: {}, calls in flight: {}",
                                 progress.all_sent() - progress.all_done(), in_flight_with(instance));
  if (hub_->untaken(instance) != Hub::Untaken::Nothing) text += ", and who hears what it published does not keep up";
  return text;
}

/// Whether everything it was sent is done, nothing of it is in flight, and what it published has gone on.
bool Supervisor::is_done(Instance& instance) {
  return instance.idle() && in_flight_with(instance) == 0 && hub_->untaken(instance) == Hub::Untaken::Nothing;
}

/// Waits until it is done: its successor's publications come behind its own. Errors: DeadlineExceeded.
void Supervisor::drain_tick(Draining draining) {
  Instance& instance = *draining.instance;
  hub_->drain();
  if (find(instance) == nullptr || is_done(instance)) return draining.drained({});
  if (EventLoop::Clock::now() >= draining.deadline)
    return draining.drained(error(ErrorCode::DeadlineExceeded,
                                  "{} {} did not finish what it had within {} (deadlines.drain): {}",
                                  instance.identity.plugin, to_string(instance.identity.version),
                                  duration_text(draining.limit), what_is_left(instance)));
  loop_.after(kDrainTick, [this, draining = std::move(draining)]() mutable { drain_tick(std::move(draining)); });
}

/// For an instance that no route leads to any more.
void Supervisor::drain_and_retire(Instance& instance, Done ended) {
  Running* const running = find(instance);
  if (running == nullptr) return ended ? ended({}) : void();
  running->expected_end = true;
  running->process->stop_asked();
  const auto drained = [this, &instance, ended = std::move(ended)](const Status& done) {
    Running* const still = find(instance);
    if (still == nullptr) return ended ? ended({}) : void();
    if (done) return retire(*still, ended);
    if (ended) still->ended.push_back(ended);
    still->process->end(Event::DeadlinePassed, done.error().message);
  };
  const auto limit = running->version->configuration.deadlines.drain;
  drain_tick({running->process->share(), limit, EventLoop::Clock::now() + limit, drained});
}

}  // namespace shunt::host
