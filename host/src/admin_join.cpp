/// The door for plugins that are started by hand: `shunt-launch --host SOCKET plugin.so`.

#include "admin_server.hpp"
#include "control_socket.hpp"
#include "core.hpp"

#include <filesystem>

namespace shunt::host {
namespace {

/// What a [[plugin]] lists is trusted by hand too, and gets what its entry says.
Result<std::shared_ptr<PluginVersion>> load_listed_or_unlisted(Core& core, const std::string& descriptor) {
  for (PluginConfiguration listed : core.configuration.plugins) {
    if (!listed.sha256) continue;
    listed.path = descriptor;
    auto version = core.catalog.load(listed);
    if (version || version.error().code != ErrorCode::NotTrusted) return version;
  }
  PluginConfiguration unlisted;
  unlisted.path = descriptor;
  return core.catalog.load(unlisted);
}

/// The bytes are what the launcher opened, whatever stands at its path by now.
Result<std::shared_ptr<PluginVersion>> load_joining(Core& core, int plugin) {
  const auto descriptor = fmt::format("/proc/self/fd/{}", plugin);
  std::error_code ignored;
  const auto opened = std::filesystem::read_symlink(descriptor, ignored);
  auto version = load_listed_or_unlisted(core, descriptor);
  if (version) {
    (*version)->image.path = opened;
    return version;
  }
  std::string text = version.error().message;
  if (const auto at = text.find(descriptor); at != std::string::npos)
    text.replace(at, descriptor.size(), opened.string());
  return tl::make_unexpected(Error{version.error().code, std::move(text)});
}

}  // namespace

void AdminServer::join(std::uint64_t client, bus::UniqueFd plugin) {
  auto launcher = std::make_shared<bus::UniqueFd>(session(client)->release());
  sessions_.erase(client);
  run_slowly([this, launcher, file = std::make_shared<bus::UniqueFd>(std::move(plugin))] {
    auto version = load_joining(core_, file->get());
    if (!version) return send_refusal(launcher->get(), version.error());
    core_.loop->post(
        [this, launcher, version = std::move(*version)] { core_.supervisor->join(version, std::move(*launcher)); });
  });
}

}  // namespace shunt::host
