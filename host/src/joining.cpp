/// Plugins whose launcher somebody started by hand: they join, may stand in for a configured one, and leave.

#include "supervisor.hpp"

namespace shunt::host {

void Supervisor::join(std::shared_ptr<PluginVersion> version, bus::UniqueFd launcher) {
  const int socket = launcher.get();
  if (stopping_) return send_refusal(socket, {ErrorCode::Stopped, "the host is being stopped: start it, then join"});
  Plugin* const known = find(version->name());
  if (known != nullptr && (known->is_served() || !known->stopped))
    return send_refusal(socket,
                        {ErrorCode::BadInput,
                         fmt::format("the host runs a plugin \"{}\" already: stop that one first", version->name())});
  if (known != nullptr && known->is_leaving())
    return send_refusal(socket, {ErrorCode::NotServing,
                                 fmt::format("the host's plugin \"{}\" is stopped and finishes what it has: join when "
                                             "it has ended",
                                             version->name())});
  std::unique_ptr<Plugin> configured;
  if (known != nullptr) {
    configured = known->by_hand ? std::move(known->stood_in) : std::make_unique<Plugin>(std::move(*known));
    plugins_.erase(version->name());
  }
  static_cast<void>(add(version));
  Plugin& joining = plugins_.find(version->name())->second;
  joining.stopped = false;
  joining.by_hand = true;
  joining.stood_in = std::move(configured);
  stage(joining.serving, 0, std::move(launcher), [this, version = std::move(version)](const Status& status) {
    events_.add({.kind = status ? HostEventKind::Joined : HostEventKind::PhaseFailed,
                 .plugin = version->name(),
                 .version = to_string(version->image.version),
                 .text = status ? "joined by hand" : to_string(status.error())});
    if (!status) return forget_joined(version->name(), version);
    const Plugin* const joined = find(version->name());
    const auto current = joined == nullptr ? nullptr : joined->seats.begin()->second.current;
    Running* const running = current == nullptr ? nullptr : find(*current);
    if (running != nullptr) running->process->tell_it_serves(configuration_.name);
  });
}

/// Nobody restarts what was started by hand: with its process it leaves the host. Where the configuration has a plugin
/// of its name, that is there again, stopped as it was.
void Supervisor::forget_joined(const std::string& name, const std::shared_ptr<PluginVersion>& version) {
  Plugin* const plugin = find(name);
  if (plugin == nullptr || plugin->serving != version || plugin->is_served()) return;
  if (std::unique_ptr<Plugin> configured = std::move(plugin->stood_in)) *plugin = std::move(*configured);
  else plugins_.erase(name);
  publish_table();
}

}  // namespace shunt::host
