/// The door for plugins that are started by hand: `shunt-launch --host SOCKET plugin.so`.

#include "admin_server.hpp"
#include "control_socket.hpp"
#include "core.hpp"

#include <filesystem>

namespace shunt::host {
namespace {

/// Empty where there is no descriptor.
std::filesystem::path path_of(const bus::UniqueFd& descriptor) {
  return descriptor ? fmt::format("/proc/self/fd/{}", descriptor.get()) : std::string();
}

/// What a [[plugin]] lists is trusted by hand too, and gets what its entry says.
Result<std::shared_ptr<PluginVersion>> load_listed_or_unlisted(Core& core, PluginSource source) {
  for (const PluginConfiguration& listed : core.configuration.plugins) {
    if (!listed.sha256) continue;
    source.sha256 = listed.sha256;
    PluginConfiguration joining = listed;
    joining.instances = 1;  // somebody started one
    auto version = core.catalog.load(joining, source);
    if (version || version.error().code != ErrorCode::NotTrusted) return version;
  }
  source.sha256.reset();
  return core.catalog.load({}, source);
}

/// The bytes are what the launcher opened, whatever stands at its path by now. Libraries are looked for beside it:
/// their sums are in its manifest.
Result<std::shared_ptr<PluginVersion>> load_joining(Core& core, const AdminSession::Joining& joining) {
  const auto descriptor = path_of(joining.plugin);
  std::error_code ignored;
  const auto opened = std::filesystem::read_symlink(descriptor, ignored);
  auto version = load_listed_or_unlisted(
      core, {.path = descriptor, .signature = path_of(joining.signature), .folder = opened.parent_path()});
  if (version) {
    (*version)->image.path = opened;
    return version;
  }
  std::string text = version.error().message;
  if (const auto at = text.find(descriptor.native()); at != std::string::npos)
    text.replace(at, descriptor.native().size(), opened.string());
  return tl::make_unexpected(Error{version.error().code, std::move(text)});
}

}  // namespace

void AdminServer::join(std::uint64_t client, AdminSession::Joining joining) {
  auto launcher = std::make_shared<bus::UniqueFd>(session(client)->release());
  sessions_.erase(client);
  run_slowly([this, launcher, files = std::make_shared<AdminSession::Joining>(std::move(joining))] {
    auto version = load_joining(core_, *files);
    if (!version) {
      core_.events.add(
          {.kind = HostEventKind::Refused, .plugin = {}, .version = {}, .text = to_string(version.error())});
      return send_refusal(launcher->get(), version.error());
    }
    core_.loop->post(
        [this, launcher, version = std::move(*version)] { core_.supervisor->join(version, std::move(*launcher)); });
  });
}

}  // namespace shunt::host
