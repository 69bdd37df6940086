/// A switch: stage, unless it is warm, exchange, drain, cleanup, unless it stays warm. Failing anywhere before the
/// exchange changes nothing; past the drain's deadline, or when the new version ends before the old one is done, the
/// exchange is undone.

#include "supervisor.hpp"

#include <algorithm>

namespace shunt::host {

struct Supervisor::Switching {
  std::string plugin;
  std::shared_ptr<PluginVersion> from_version;
  std::shared_ptr<PluginVersion> to_version;
  std::shared_ptr<Instance> from;
  std::shared_ptr<Instance> to;
  Done done;
};

namespace {

std::string listed(const std::vector<KnownVersion>& versions) {
  std::string text;
  for (const KnownVersion& each : versions)
    text.append(text.empty() ? "" : ", ").append(each.version).append(each.serves ? " (serves)" : "");
  return text;
}

}  // namespace

void Supervisor::switch_to(const std::string& name, const Version& wanted, Done done) {
  Plugin* const plugin = find(name);
  if (plugin == nullptr) return done(error(ErrorCode::NoSuchPlugin, "there is no plugin \"{}\": see `shunt ls`", name));
  const auto version =
      std::ranges::find_if(plugin->versions, [&](const auto& each) { return each->image.version.matches(wanted); });
  if (version == plugin->versions.end())
    return done(error(ErrorCode::NoSuchVersion,
                      "\"{}\" has no version {}, only {}: say one of these, or add its file as another [[plugin]]",
                      name, to_string(wanted), listed(versions_of(name))));
  if (plugin->switching)
    return done(error(ErrorCode::NotServing, "\"{}\" is being switched already: wait for it", name));
  if (plugin->stopped) return done(error(ErrorCode::NotServing, "\"{}\" is stopped: restart it, then switch", name));
  if (plugin->serving == *version) return done({});
  const auto switching =
      std::make_shared<Switching>(Switching{name, plugin->serving, *version, nullptr, nullptr, std::move(done)});
  plugin->switching = true;
  if (const Warm* const warm = warm_of(*plugin, **version); warm != nullptr && warm->instance != nullptr)
    return go_over(switching);
  stage(*version, {}, [this, switching](const Status& staged) {
    if (staged && !stopping_ && find(switching->plugin) != nullptr) return go_over(switching);
    finish_switch(*switching);
    switching->done(staged ? error(ErrorCode::Stopped, "the host is being stopped") : staged);
  });
}

void Supervisor::go_over(const std::shared_ptr<Switching>& switching) {
  if (const auto newcomer = newcomer_of(*switching);
      newcomer != running_.end() && newcomer->second.health.state == HealthState::NotServing)
    return refuse_newcomer(switching, newcomer->second);
  exchange(switching);
}

/// Whoever died meanwhile, or is to be warm, is started now.
void Supervisor::finish_switch(const Switching& switching) {
  if (Plugin* const still = find(switching.plugin)) still->switching = false;
  start_again(switching.plugin);
  warm_up(switching.plugin, {});
}

std::map<const Instance*, Supervisor::Running>::iterator Supervisor::newcomer_of(const Switching& switching) {
  return std::ranges::find_if(running_, [&](const auto& each) {
    return each.second.version == switching.to_version && each.second.process->state() == State::Active;
  });
}

/// It would take no calls: the old version goes on.
void Supervisor::refuse_newcomer(const std::shared_ptr<Switching>& switching, Running& newcomer) {
  const std::string& reason = newcomer.health.reason;
  const Status refused =
      error(ErrorCode::NotServing, "{} {} says that it does not serve{}{}: the old version goes on", switching->plugin,
            to_string(switching->to_version->image.version), reason.empty() ? "" : ": ", reason);
  drain_and_retire(newcomer.process->instance(), [this, switching, refused](const Status&) {
    finish_switch(*switching);
    switching->done(refused);
  });
}

void Supervisor::exchange(const std::shared_ptr<Switching>& switching) {
  Plugin& plugin = *find(switching->plugin);
  const auto newcomer = newcomer_of(*switching);
  switching->from = plugin.current;  // null when it died meanwhile: what it left waits for the newcomer
  switching->to = newcomer->second.process->share();
  newcomer->second.served = true;
  if (Warm* const warm = warm_of(plugin, *switching->to_version)) warm->instance = nullptr;
  switching->to->muted.store(false, std::memory_order_relaxed);  // before the table, which its first message follows
  plugin.serving = switching->to_version;
  plugin.current = switching->to;
  plugin.backoff.became_active(EventLoop::Clock::now());
  publish_table();
  const auto left = switching->from == nullptr ? Instance::Progress{} : switching->from->progress();
  hub_->flush_backlogs();
  note(HostEventKind::Switched, *switching->to,
       fmt::format("took over from {}, which had {} messages in flight",
                   to_string(switching->from_version->image.version), left.all_sent() - left.all_done()),
       left.all_sent() - left.all_done());
  const auto finish = [this, switching](const Status& ended) {
    finish_switch(*switching);
    switching->done(ended);
  };
  Running* const old = switching->from == nullptr ? nullptr : find(*switching->from);
  if (old == nullptr) return finish({});
  old->expected_end = true;
  old->process->stop_asked();
  const auto drained = [this, switching, finish](const Status& done) {
    Running* const still = find(*switching->from);
    if (still == nullptr) return finish({});  // it died while draining: its messages were sorted
    if (!done && !stopping_) return undo(switching, done.error());
    if (!done) {
      still->process->end(Event::DeadlinePassed, done.error().message);
      return finish(error(ErrorCode::Stopped, "the host is being stopped"));
    }
    retire(*still, finish);
  };
  // A sender that looked at the table of before may push once more: until the last of them is through, an idle lane
  // says nothing, and what comes to it late would be sent again behind what its successor has already.
  const auto limit = old->version->configuration.deadlines.drain;
  tables_.after_readers([this, switching, limit, drained] {
    loop_.post([this, switching, limit, drained] {
      drain_tick({switching->from, switching->to, limit, EventLoop::Clock::now() + limit, drained});
    });
  });
}

void Supervisor::undo(const std::shared_ptr<Switching>& switching, const Error& why) {
  Plugin& plugin = *find(switching->plugin);
  Running& old = *find(*switching->from);
  old.expected_end = false;
  old.process->resume();
  plugin.serving = switching->from_version;
  plugin.current = switching->from;
  publish_table();
  hub_->flush_backlogs();
  note(HostEventKind::SwitchUndone, *switching->from, fmt::format("it serves again: {}", why.message));
  const Status undone =
      error(why.code, "{}: the switch to {} is undone", why.message, to_string(switching->to_version->image.version));
  drain_and_retire(*switching->to, [this, switching, undone](const Status&) {
    finish_switch(*switching);
    switching->done(undone);
  });
}

}  // namespace shunt::host
