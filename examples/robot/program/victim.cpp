#include "victim.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <sys/syscall.h>
#include <unistd.h>

namespace robot_demo {

shunt::Result<Victim> Victim::find(shunt::Host& host, std::string_view plugin) {
  for (const auto& each : host.snapshot().plugins) {
    if (each.plugin != plugin || each.pid == 0) continue;
    const auto process = static_cast<int>(::syscall(SYS_pidfd_open, each.pid, 0));
    if (process >= 0) return Victim{process};
    return shunt::error(shunt::ErrorCode::System, "the process {} of {} cannot be held: {}", each.pid, plugin,
                        std::strerror(errno));
  }
  return shunt::error(shunt::ErrorCode::NotServing, "{} has no process that could be killed", plugin);
}

Victim::~Victim() {
  if (process_ >= 0) ::close(process_);
}

shunt::Status Victim::kill() const {
  if (::syscall(SYS_pidfd_send_signal, process_, SIGKILL, nullptr, 0) == 0) return {};
  return shunt::error(shunt::ErrorCode::System, "the plugin cannot be killed: {}", std::strerror(errno));
}

}  // namespace robot_demo
