/// A switch, of one plugin or several in one step: check, stage what is not warm, and then exchange.cpp. Whatever fails
/// here changes nothing.

#include "switching.hpp"

#include <algorithm>
#include <utility>

namespace shunt::host {

namespace {

std::string listed(const std::vector<KnownVersion>& versions) {
  std::string text;
  for (const KnownVersion& each : versions)
    text.append(text.empty() ? "" : ", ").append(each.version).append(each.serves ? " (serves)" : "");
  return text;
}

/// Whether it is there to stand in for others alone, and is started when it is to: not by a switch.
bool stands_by(const std::shared_ptr<PluginVersion>& serving, const std::map<std::uint32_t, Shares>& shares,
               const std::shared_ptr<PluginVersion>& version) {
  return version != serving && !version->configuration.warm && std::ranges::none_of(shares, [&](const auto& each) {
           return std::ranges::find(each.second, version, &VersionShare::version) != each.second.end();
         });
}

Error stopped() { return {ErrorCode::Stopped, "the host is being stopped"}; }

}  // namespace

Result<Supervisor::Move> Supervisor::move_to(const std::string& name, const Version& wanted) {
  const Plugin* const plugin = find(name);
  if (plugin == nullptr) return error(ErrorCode::NoSuchPlugin, "there is no plugin \"{}\": see `shunt ls`", name);
  const auto version =
      std::ranges::find_if(plugin->versions, [&](const auto& each) { return each->image.version.matches(wanted); });
  if (version == plugin->versions.end())
    return error(ErrorCode::NoSuchVersion,
                 "\"{}\" has no version {}, only {}: say one of these, or add its file as another [[plugin]]", name,
                 to_string(wanted), listed(versions_of(name)));
  if (plugin->switching) return error(ErrorCode::NotServing, "\"{}\" is being switched already: wait for it", name);
  if (plugin->stopped) return error(ErrorCode::NotServing, "\"{}\" is stopped: restart it, then switch", name);
  Move move{.plugin = name, .from_version = plugin->serving, .to_version = *version};
  move.from_shares = plugin->shares;
  move.from_shadow = plugin->shadow;
  move.from_traits = plugin->traits;
  return move;
}

void Supervisor::switch_to(const std::vector<VersionChoice>& choices, Done done) {
  const auto switching = std::make_shared<Switching>(Switching{.moves = {}, .done = std::move(done)});
  for (const VersionChoice& choice : choices) {
    auto move = move_to(choice.plugin, choice.version);
    if (!move) return switching->done(tl::make_unexpected(std::move(move).error()));
    if (move->switches() || !move->from_shares.empty() || move->from_shadow.version != nullptr)
      switching->moves.push_back(*std::move(move));
  }
  if (const Status met = check_calls(switching->moves); !met) return switching->done(met);
  if (const Status fits = find_states(switching->moves); !fits) return switching->done(fits);
  if (switching->moves.empty()) return switching->done({});
  stage(switching);
}

/// All that is not up: `go_over()` when the last is, or has failed.
void Supervisor::stage(const std::shared_ptr<Switching>& switching) {
  switching->awaited = 1;  // ours, until all are asked
  for (Move& move : switching->moves) {
    Plugin& plugin = *find(move.plugin);
    plugin.switching = true;
    for (const auto& [number, version] : seats_meant(plugin, move.to_version, move.to_shares, move.to_shadow)) {
      const Seat* const seat = plugin.seat(number);
      if (seat != nullptr && seat->version == version) continue;
      if (is_shadow_seat(number) || !stands_by(move.to_version, move.to_shares, version))
        move.staged.emplace(number, version);
    }
    switching->awaited += move.staged.size();
  }
  const auto staged = [this, switching](const Status& status) {
    if (switching->one_less(status)) go_over(switching);
  };
  for (const Move& move : switching->moves)
    for (const auto& [number, version] : move.staged) {
      const Warm* const warm = warm_of(*find(move.plugin), *version, number);
      if (warm != nullptr && warm->instance != nullptr) {
        staged({});
        continue;
      }
      const auto running = try_stage(version, number, {});
      if (!running) {
        staged(tl::make_unexpected(running.error()));
        continue;
      }
      (*running)->newcomer = true;
      if (move.state != 0) (*running)->process->instance().muted.store(true, std::memory_order_relaxed);
      (*running)->staged = staged;
    }
  staged({});
}

/// Whether what plugins call would be served by a version that they can call. Only of what moves: what does not fit
/// already is not this switch's doing. Errors: NoSuchVersion.
Status Supervisor::check_calls(const std::vector<Move>& moves) {
  const auto version_after = [&](const std::string& name, const Plugin& plugin) -> const PluginVersion& {
    const auto move = std::ranges::find(moves, name, &Move::plugin);
    return move == moves.end() ? *plugin.serving : *move->to_version;
  };
  std::map<std::uint32_t, const PluginVersion*> serves;
  for (const auto& [name, plugin] : plugins_)
    for (const RouteInfo* const route : version_after(name, plugin).functions)
      serves.emplace(route->id.value, &version_after(name, plugin));
  const auto moves_there = [&](const PluginVersion& version) {
    return std::ranges::any_of(moves, [&](const Move& move) { return move.to_version.get() == &version; });
  };
  for (const auto& [name, plugin] : plugins_) {
    if (plugin.stopped) continue;
    const PluginVersion& caller = version_after(name, plugin);
    for (const auto& [route, wanted] : caller.wanted()) {
      const auto found = serves.find(route);
      if (found == serves.end() || wanted.versions.contains(found->second->image.version)) continue;
      if (!moves_there(caller) && !moves_there(*found->second)) continue;
      return error(ErrorCode::NoSuchVersion,
                   "{} {} calls \"{}\" of {}, and {} would serve it: switch both in one step, to versions that fit",
                   name, to_string(caller.image.version), directory_.at({route})->name, wanted.text,
                   to_string(found->second->image.version));
    }
  }
  return {};
}

/// All are staged, or what could be. At most two epochs live: while chains of the last but one have not ended, it
/// waits.
void Supervisor::go_over(const std::shared_ptr<Switching>& switching) {
  if (exchanged_ != nullptr) return switches_.push_back(switching);
  const auto is_there = [this](const Move& move) { return find(move.plugin) != nullptr; };
  if (switching->outcome && (stopping_ || !std::ranges::all_of(switching->moves, is_there)))
    switching->outcome = tl::make_unexpected(stopped());
  for (Move& move : switching->moves) {
    Plugin* const plugin = find(move.plugin);
    for (const auto& [number, version] : move.staged) {
      Running* const newcomer = plugin == nullptr ? nullptr : newcomer_of(*plugin, *version, number);
      move.to[number] = newcomer == nullptr ? nullptr : newcomer->process->share();
      if (!switching->outcome) continue;
      if (newcomer == nullptr) {
        switching->outcome = error(ErrorCode::PluginCrashed, "{} {} ended before the others were ready", move.plugin,
                                   to_string(version->image.version));
      } else if (newcomer->health.state == HealthState::NotServing) {
        const std::string& reason = newcomer->health.reason;
        switching->outcome =
            error(ErrorCode::NotServing, "{} {} says that it does not serve{}{}: the old version goes on", move.plugin,
                  to_string(version->image.version), reason.empty() ? "" : ": ", reason);
      }
    }
  }
  if (switching->outcome) exchange(switching);
  else give_up(switching);
}

/// The new versions go, or go warm: the old ones serve on.
void Supervisor::give_up(const std::shared_ptr<Switching>& switching) {
  switching->awaited = 1;  // ours, until all are told
  for (const Move& move : switching->moves) switching->awaited += move.to.size();
  const auto gone = [this, switching](const Status&) {
    if (switching->one_less({})) finish_switch(*switching);
  };
  for (const Move& move : switching->moves)
    for (const auto& [number, newcomer] : move.to) {
      Running* const running = newcomer == nullptr ? nullptr : find(*newcomer);
      if (running != nullptr) running->newcomer = false;
      if (running == nullptr || stopping_) gone({});  // who stops the host ends them
      else drain_and_retire(*newcomer, gone);
    }
  gone({});
}

/// Whoever died meanwhile, or is to be warm, is started now.
void Supervisor::finish_switch(const Switching& switching) {
  for (const Move& move : switching.moves) {
    if (Plugin* const still = find(move.plugin)) still->switching = false;
    start_again(move.plugin);
    warm_up(move.plugin, {});
    tend_lts(move.plugin);
  }
  switching.done(switching.outcome);
}

/// Who is ready to sit there; null: nobody is.
Running* Supervisor::newcomer_of(Plugin& plugin, const PluginVersion& version, std::uint32_t seat) {
  for (auto& [instance, running] : running_)
    if (running.newcomer && running.version.get() == &version && running.seat == seat &&
        running.process->state() == State::Active)
      return &running;
  const Warm* const warm = warm_of(plugin, version, seat);
  return warm == nullptr || warm->instance == nullptr ? nullptr : find(*warm->instance);
}

}  // namespace shunt::host
