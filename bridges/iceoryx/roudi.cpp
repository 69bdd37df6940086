#include "roudi.hpp"

#include <shunt/bus/unique_fd.hpp>

#include <charconv>
#include <cstring>

#include <iceoryx_hoofs/platform/platform_settings.hpp>
#include <iceoryx_posh/internal/roudi/roudi.hpp>
#include <iceoryx_posh/roudi/iceoryx_roudi_components.hpp>
#include <sys/socket.h>
#include <sys/un.h>

namespace shunt::bridges {

namespace {

std::string socket_of(const std::string& name) { return iox::platform::IOX_UDS_SOCKET_PATH_PREFIX + name; }

}  // namespace

bool answers(const std::string& name) {
  const std::string path = socket_of(name);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const bus::UniqueFd socket{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  return socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

std::optional<RoudiMark> listening_roudi() {
  if (!answers(iox::roudi::IPC_CHANNEL_ROUDI_NAME)) return std::nullopt;
  struct stat file {};
  if (::stat(socket_of(iox::roudi::IPC_CHANNEL_ROUDI_NAME).c_str(), &file) != 0) return std::nullopt;
  return RoudiMark{file.st_dev, file.st_ino, file.st_ctim.tv_sec * 1'000'000'000 + file.st_ctim.tv_nsec};
}

Result<std::vector<PoolClass>> parse_pool(const std::string& text) {
  std::vector<PoolClass> classes;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    PoolClass each;
    const auto bytes = std::from_chars(at, end, each.bytes);
    if (bytes.ec != std::errc{} || bytes.ptr == end || *bytes.ptr != ':') break;
    const auto chunks = std::from_chars(bytes.ptr + 1, end, each.chunks);
    if (chunks.ec != std::errc{} || (chunks.ptr != end && *chunks.ptr != ',')) break;
    classes.push_back(each);
    at = chunks.ptr == end ? end : chunks.ptr + 1;
  }
  if (classes.empty() || at != end)
    return error(ErrorCode::BadInput, "\"{}\" is no pool: install the host and its bridges of one release", text);
  return classes;
}

namespace {

iox::RouDiConfig_t configuration_of(const std::vector<PoolClass>& classes, std::size_t header_bytes) {
  iox::mepoo::MePooConfig pools;
  for (const PoolClass& each : classes)
    pools.addMemPool({static_cast<std::uint32_t>(each.bytes + (header_bytes + 7) / 8 * 8), each.chunks});
  const auto group = iox::posix::PosixGroup::getGroupOfCurrentProcess().getName();
  iox::RouDiConfig_t configuration;
  configuration.m_sharedMemorySegments.push_back({group, group, pools});
  return configuration;
}

}  // namespace

struct OwnRoudi::Parts {
  explicit Parts(const iox::RouDiConfig_t& configuration)
      : components(configuration),
        roudi(components.rouDiMemoryManager, components.portManager,
              iox::roudi::RouDi::RoudiStartupParameters{iox::roudi::MonitoringMode::ON, false}) {}

  iox::roudi::IceOryxRouDiComponents components;
  iox::roudi::RouDi roudi;
};

OwnRoudi::OwnRoudi(const std::vector<PoolClass>& classes, std::size_t header_bytes)
    : parts_(std::make_unique<Parts>(configuration_of(classes, header_bytes))) {}

OwnRoudi::~OwnRoudi() = default;

}  // namespace shunt::bridges
