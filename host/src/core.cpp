#include "core.hpp"

#include "compare_builds.hpp"
#include "configured_routes.hpp"
#include "plugin_folder.hpp"
#include "trust_policy.hpp"

#include <algorithm>
#include <filesystem>
#include <future>
#include <system_error>
#include <tuple>

namespace shunt::host {

Core::~Core() { shut_down(); }

Result<std::shared_ptr<Core>> Core::create(HostConfiguration configuration) {
  SHUNT_CHECK(check(configuration));
  auto core = std::make_shared<Core>(std::move(configuration));
  SHUNT_TRY(loop, EventLoop::create());
  core->loop = std::move(loop);
  core->supervisor = std::make_unique<Supervisor>(core->configuration, *core->loop, core->catalog, core->directory,
                                                  core->tables, Records{core->events, core->audit, core->crashes});
  core->incidents =
      std::make_unique<Incidents>(*core->loop, core->slow, core->events, core->crashes,
                                  Incidents::Where{core->configuration.incidents, core->configuration.notifier});
  core->rollouts = std::make_unique<Rollouts>(*core->loop, *core->supervisor, core->events, *core->incidents);
  core->folders =
      std::make_unique<WatchedFolders>(*core->loop, core->slow, core->catalog, *core->supervisor, core->events);
  return core;
}

Result<std::vector<std::shared_ptr<PluginVersion>>> Core::load_plugins() {
  // Also without a plugin: those that join later are judged by the same files.
  SHUNT_TRY(policy, read_trust_policy(configuration.trust, std::chrono::system_clock::now()));
  static_cast<void>(policy);
  std::vector<std::shared_ptr<PluginVersion>> versions;
  for (const PluginConfiguration& each : configuration.plugins) {
    std::error_code ignored;
    if (std::filesystem::is_directory(each.path, ignored)) {
      SHUNT_CHECK(load_folder(each, versions));
      continue;
    }
    SHUNT_TRY(version, catalog.load(each));
    SHUNT_CHECK(supervisor->add(version));
    versions.push_back(std::move(version));
  }
  SHUNT_CHECK(check_configured_routes(configuration.routes, versions, events));
  SHUNT_CHECK(supervisor->share_as_configured());
  SHUNT_CHECK(supervisor->guard_as_configured());
  const std::span plugins{versions};
  std::vector<std::shared_ptr<PluginVersion>> bridges;
  for (const Open world : {Open::Iceoryx, Open::Dds}) {  // last: the plugins' files say the types
    SHUNT_TRY(bridge, catalog.bridge(world, configuration));
    if (bridge == nullptr) continue;
    if (world == Open::Dds) SHUNT_CHECK(describe_types(plugins, *bridge));
    SHUNT_CHECK(supervisor->add(bridge));
    bridges.push_back(std::move(bridge));
  }
  versions.insert(versions.end(), bridges.begin(), bridges.end());
  return versions;
}

namespace {

/// An older build of a plugin whose newest one is there already: alike where it conforms to all that are, and refused
/// otherwise.
Succeeds succeeds_newest(const std::vector<std::shared_ptr<PluginVersion>>& versions, const PluginImage& image) {
  const auto newest = std::ranges::find(versions, image.manifest.name, &PluginVersion::name);
  if (newest == versions.end()) return {};
  const auto conforms = [&](const auto& version) {
    if (version->name() != image.manifest.name) return true;
    const auto back = compare_builds(version->image, image), forth = compare_builds(image, version->image);
    const auto is_in_place = [](const auto& compared) {
      return compared && compared->decision == Compatibility::InPlace;
    };
    return is_in_place(back) || is_in_place(forth);
  };
  return {.older = newest->get(),
          .others = std::ranges::all_of(versions, conforms) ? OtherTypes::Alike : OtherTypes::Refused};
}

}  // namespace

/// The newest build of each plugin serves first.
Status Core::load_folder(const PluginConfiguration& entry, std::vector<std::shared_ptr<PluginVersion>>& versions) {
  if (entry.sha256 || entry.active)
    return error(ErrorCode::BadConfiguration,
                 "{}{}{} is a folder, and `{}` is for one file: leave it out, or list sums in [trust]", entry.origin,
                 entry.origin.empty() ? "" : ": ", entry.path.string(), entry.sha256 ? "sha256" : "active");
  SHUNT_TRY(names, plugin_files(entry.path));
  folders->add(entry);
  std::vector<PluginImage> images;
  for (const std::string& name : names) {
    auto image = catalog.read({.path = entry.path / name});
    if (image) images.push_back(*std::move(image));
    else folders->passed_over(entry.path, name, {}, image.error());
  }
  std::ranges::stable_sort(images, [](const PluginImage& a, const PluginImage& b) {
    return std::tie(a.manifest.name, b.version) < std::tie(b.manifest.name, a.version);
  });
  for (PluginImage& image : images) {
    PluginConfiguration configured = entry;
    configured.path = image.path;
    const std::string sha256 = image.sha256;
    const Succeeds succeeds = succeeds_newest(versions, image);
    auto version = catalog.prepare(configured, std::move(image), succeeds.older == nullptr ? nullptr : &succeeds);
    const Status added = version ? supervisor->add(*version) : tl::make_unexpected(version.error());
    if (!added) {
      folders->passed_over(entry.path, configured.path.filename().string(), sha256, added.error());
      continue;
    }
    (*version)->folder = entry.path;
    folders->holds(*version);
    versions.push_back(*std::move(version));
  }
  return {};
}

Status Core::on_loop(const std::function<void(Supervisor::Done)>& work) {
  {
    const std::lock_guard lock{shut_mutex};
    if (shut) return error(ErrorCode::Stopped, "the host \"{}\" was stopped", configuration.name);
  }
  const auto promise = std::make_shared<std::promise<Status>>();
  auto future = promise->get_future();
  if (!loop->post([&work, promise] { work([promise](Status status) { promise->set_value(std::move(status)); }); }))
    return error(ErrorCode::Stopped, "the host \"{}\" was stopped", configuration.name);
  return future.get();
}

bool Core::is_callback_due() {
  std::atomic_thread_fence(std::memory_order_seq_cst);  // see Inbox::is_due()
  if (hub->has_due_callback() || is_writable_due()) return true;
  const std::lock_guard lock{inboxes_mutex};
  return std::ranges::any_of(inboxes, [](const auto& inbox) { return inbox->is_due(); });
}

Result<int> Core::event_fd() {
  const std::lock_guard lock{shut_mutex};
  if (shut) return error(ErrorCode::Stopped, "the host \"{}\" was stopped", configuration.name);
  if (owned_signal == nullptr) {
    SHUNT_TRY(made, CallbackSignal::create(*hub, [this] { return is_callback_due(); }));
    owned_signal = std::move(made);
    signal.store(owned_signal.get(), std::memory_order_release);
  }
  return owned_signal->descriptor();
}

void Core::shut_down() {
  {
    const std::lock_guard lock{shut_mutex};
    if (std::exchange(shut, true) || loop == nullptr || !loop->is_running()) return;
  }
  if (admin != nullptr) admin->stop();  // whoever asks from now on finds no host
  std::promise<void> ended;
  loop->post([&] { supervisor->stop_all([&](const Status&) { ended.set_value(); }); });
  ended.get_future().wait();
  signal.store(nullptr, std::memory_order_relaxed);
  owned_signal.reset();  // nobody asks for it any more: `shut` is set
  hub->shut({ErrorCode::Stopped, "the host was stopped"});
  if (admin != nullptr) admin->finish();  // its calls have ended with the hub
  loop->stop();
  slow.stop();
}

}  // namespace shunt::host
