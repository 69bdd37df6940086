/// The door for plugins that are started by hand: `shunt-launch --host SOCKET plugin.so`.

#include "admin_server.hpp"
#include "control_socket.hpp"
#include "core.hpp"

#include <filesystem>

namespace shunt::host {
namespace {

/// The bytes are what the launcher opened, whatever stands at its path by now.
Result<std::shared_ptr<PluginVersion>> load_joining(Catalog& catalog, int plugin, pid_t launcher) {
  const auto descriptor = fmt::format("/proc/self/fd/{}", plugin);
  PluginConfiguration configuration;
  configuration.path = descriptor;
  auto version = catalog.load(configuration);
  if (!version) {
    std::string text = version.error().message;
    for (std::size_t at = text.find(descriptor); at != std::string::npos; at = text.find(descriptor))
      text.replace(at, descriptor.size(), fmt::format("the plugin of launcher {}", launcher));
    return tl::make_unexpected(Error{version.error().code, std::move(text)});
  }
  std::error_code ignored;
  (*version)->image.path = std::filesystem::read_symlink(descriptor, ignored);
  return version;
}

void refuse(int launcher, const Error& why) {
  flatbuffers::FlatBufferBuilder builder;
  finish_message(builder,
                 control::CreateRefusedDirect(builder, static_cast<std::uint16_t>(static_cast<int>(why.code) + 1),
                                              why.message.c_str()));
  static_cast<void>(send_packet(launcher, builder, {}));
}

}  // namespace

void AdminServer::join(std::uint64_t client, bus::UniqueFd plugin) {
  const pid_t peer = session(client)->peer();
  auto launcher = std::make_shared<bus::UniqueFd>(session(client)->release());
  sessions_.erase(client);
  run_slowly([this, peer, launcher, file = std::make_shared<bus::UniqueFd>(std::move(plugin))] {
    auto version = load_joining(core_.catalog, file->get(), peer);
    if (!version) return refuse(launcher->get(), version.error());
    core_.loop->post(
        [this, launcher, version = std::move(*version)] { core_.supervisor->join(version, std::move(*launcher)); });
  });
}

}  // namespace shunt::host
