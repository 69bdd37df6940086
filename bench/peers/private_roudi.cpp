#include "private_roudi.hpp"

#include <cstdio>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace shunt::bench {
namespace {

constexpr const char* kConfigFile = "/tmp/roudi.toml";
constexpr const char* kRoudiSocket = "/tmp/roudi";

Status write_file(const char* path, const std::string& text) {
  const int file = ::open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return system_error(fmt::format("opening {}", path));
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  auto failed = system_error(fmt::format("writing {}", path));
  ::close(file);
  if (!written) return failed;
  return {};
}

/// A user namespace in which we keep our own ids and may mount.
Status enter_user_namespace() {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return system_error("unshare: no private mounts for this user");
  SHUNT_CHECK(write_file("/proc/self/setgroups", "deny"));
  SHUNT_CHECK(write_file("/proc/self/uid_map", fmt::format("{0} {0} 1", user)));
  return write_file("/proc/self/gid_map", fmt::format("{0} {0} 1", group));
}

[[noreturn]] void exec_roudi() {
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int stream : {0, 1, 2}) ::dup2(nowhere, stream);
  ::execlp("iox-roudi", "iox-roudi", "--monitoring-mode", "off", "--log-level", "off", "--config-file", kConfigFile,
           nullptr);
  _exit(127);
}

}  // namespace

Status enter_private_mounts() {
  if (::unshare(CLONE_NEWNS) != 0) SHUNT_CHECK(enter_user_namespace());
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return system_error("making mounts private");
  for (const char* folder : {"/dev/shm", "/tmp"})
    if (::mount("shunt-bench", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") != 0)
      return system_error(fmt::format("mounting an empty {}", folder));
  return {};
}

Result<Child> start_roudi(std::size_t chunk_bytes, std::uint32_t chunks) {
  SHUNT_CHECK(write_file(kConfigFile, fmt::format("[general]\nversion = 1\n\n[[segment]]\n\n[[segment.mempool]]\n"
                                                  "size = {}\ncount = {}\n",
                                                  chunk_bytes, chunks)));
  SHUNT_TRY(roudi, Child::start("iox-roudi", -1, [](Channel&) -> int { exec_roudi(); }));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (::access(kRoudiSocket, F_OK) != 0) {
    if (!roudi.running())
      return error(ErrorCode::System, "iox-roudi ended at once: install Debian's package iceoryx, or run it by hand");
    if (std::chrono::steady_clock::now() > end) return error(ErrorCode::System, "iox-roudi does not listen after 10 s");
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return roudi;
}

}  // namespace shunt::bench
