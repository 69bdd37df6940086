#include "control_socket.hpp"
#include "launcher_path.hpp"
#include "spawn_launcher.hpp"

#include <shunt/host/doctor.hpp>

#include <array>
#include <csignal>
#include <optional>
#include <string_view>

#include <poll.h>
#include <sys/wait.h>

namespace shunt {
namespace {

using control::Layer;

struct Explanation {
  Layer layer;
  std::string_view wanted;
  std::string_view lost;
  std::string_view cure;
};

constexpr std::string_view kNamespaces =
    "allow user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, the container's seccomp "
    "profile), or run the host as root";

constexpr std::array kExplanations{
    Explanation{Layer::UserNamespace, "privileges that count for nothing outside",
                "a hole in the kernel's checks of privileges would be one of the host's user", kNamespaces},
    Explanation{Layer::PidNamespace, "no other process can be named",
                "nothing while the filter holds: it refuses every call that names a process", kNamespaces},
    Explanation{Layer::NetworkNamespace, "no network, not even the machine's own",
                "a plugin whose manifest gets `socket` reaches the network", kNamespaces},
    Explanation{Layer::IpcNamespace, "no System V memory and no message queue of others",
                "nothing while the filter holds", kNamespaces},
    Explanation{Layer::HostName, "the machine's name", "a plugin whose manifest gets `uname` learns it", kNamespaces},
    Explanation{Layer::CgroupNamespace, "the place among the machine's groups", "nothing while no file can be opened",
                kNamespaces},
    Explanation{Layer::Identity, "a user that owns nothing",
                "files and processes of the host's user are kept safe by "
                "the filter and Landlock alone",
                kNamespaces},
    Explanation{Layer::EmptyRoot, "no file has a name", "files are kept out by the filter and Landlock alone",
                kNamespaces},
    Explanation{Layer::Capabilities, "no privilege", "what root may do, as far as the filter lets it",
                "run shunt-launch where capset is allowed"},
    Explanation{Layer::Landlock, "no file can be opened, no port bound",
                "files are kept out by the filter and the empty "
                "root alone",
                "boot with lsm=landlock,... on Linux 5.13 or later"},
    Explanation{Layer::Filter, "only calls that use what is there", "everything that the other layers do not cover",
                ""},
    Explanation{Layer::Audit, "calls are judged by phase, and denials recorded",
                "no audit, no phases, no declared reads; loading stays allowed, in an empty root",
                "start the host outside a seccomp filter that has a listener or forbids seccomp (2)"},
    Explanation{Layer::ThreadLimit, "a bound on threads", "threads are bounded by memory alone",
                "as for Audit; RLIMIT_NPROC bounds them too where there is a user namespace"},
    Explanation{Layer::MemoryWatch, "an event when memory runs low", "RLIMIT_DATA bounds it, without a warning", ""}};

SandboxLayer explain(const control::LayerState& state) {
  SandboxLayer layer;
  layer.name = control::EnumNameLayer(state.layer());
  layer.applied = state.applied();
  if (state.detail() != nullptr) layer.detail = state.detail()->str();
  for (const Explanation& each : kExplanations) {
    if (each.layer != state.layer()) continue;
    layer.wanted = each.wanted;
    if (!layer.applied) layer.lost = each.lost;
    if (!layer.applied) layer.cure = each.cure;
  }
  return layer;
}

/// The packet with the layers; what else the launcher says is passed over.
Result<std::vector<SandboxLayer>> await_layers(int socket, const std::filesystem::path& launcher) {
  constexpr int kPatienceMs = 10'000;
  std::vector<SandboxLayer> layers;
  for (;;) {
    pollfd source{socket, POLLIN, 0};
    const int ready = ::poll(&source, 1, kPatienceMs);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0)
      return error(ErrorCode::DeadlineExceeded,
                   "the launcher {} did not answer within 10 s and was ended: set `launcher` to the shunt-launch of "
                   "this release",
                   launcher.string());
    SHUNT_TRY(packet, host::receive_packet(socket));
    if (!packet) continue;
    if (const auto* refused = packet->message().body_as_Refused(); refused != nullptr)
      return error(ErrorCode::System, "{}", refused->message() == nullptr ? "" : refused->message()->c_str());
    const auto* const confined = packet->message().body_as_Confined();
    if (confined == nullptr || confined->layers() == nullptr) continue;
    for (const control::LayerState* state : *confined->layers()) layers.push_back(explain(*state));
    return layers;
  }
}

}  // namespace

Result<std::vector<SandboxLayer>> examine_sandbox(const std::filesystem::path& launcher) {
  SHUNT_TRY(path, host::launcher_path(launcher));
  SHUNT_TRY(started, host::start_launcher(path, "--probe"));
  auto layers = await_layers(started.socket.get(), path);
  started.socket.reset();  // which ends it, if it is shunt-launch
  if (!layers) ::kill(started.pid, SIGKILL);
  while (::waitpid(started.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return layers;
}

}  // namespace shunt
