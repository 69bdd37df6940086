/// Namespaces and identities.
#include "act.hpp"

#include <array>
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::hostile {
namespace {

/// A mount outlives its process where the namespace does: it is taken away at once.
int mount_something(const Stage& stage) {
  const std::string folder = stage.folder + "/empty";
  const int result = result_of(::mount("none", folder.c_str(), "tmpfs", 0, nullptr));
  if (result == 0) ::umount2(folder.c_str(), MNT_DETACH);
  return result;
}
int open_mounts(const Stage&) {
  constexpr unsigned kClone = 1;
  constexpr unsigned kRecursive = 0x8000;  // below an ordinary user's root nothing may be uncovered
  return result_of(::syscall(SYS_open_tree, AT_FDCWD, "/", kClone | kRecursive));
}

int drop_capabilities(const Stage&) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> mine{};
  ::syscall(SYS_capget, &header, mine.data());
  return result_of(::syscall(SYS_capset, &header, mine.data()));
}

int enter_namespace(const Stage&) {
  const int space = ::open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
  return result_of(::setns(space, CLONE_NEWUTS));
}

constexpr std::array kActs{
    Act{"privileges", "new_user_namespace", Stop::Denied, "unshare",
        [](const Stage&) { return result_of(::unshare(CLONE_NEWUSER)); }},
    Act{"privileges", "unshare_files", Stop::Denied, "unshare",
        [](const Stage&) { return result_of(::unshare(CLONE_FILES)); }},
    Act{"privileges", "enter_namespace", Stop::Denied, "setns", enter_namespace, Ground::OwnNamespaces},
    Act{"privileges", "mount", Stop::Denied, "mount", mount_something, Ground::OwnNamespaces},
    Act{"privileges", "change_root", Stop::Denied, "chroot",
        [](const Stage& s) { return result_of(::chroot(s.folder.c_str())); }, Ground::OwnNamespaces},
    Act{"privileges", "open_mounts", Stop::Denied, "open_tree", open_mounts, Ground::OwnNamespaces},
    Act{"privileges", "set_user", Stop::Denied, "setuid",
        [](const Stage&) { return result_of(::syscall(SYS_setuid, ::getuid())); }},
    Act{"privileges", "set_group", Stop::Denied, "setgid",
        [](const Stage&) { return result_of(::syscall(SYS_setgid, ::getgid())); }},
    Act{"privileges", "set_all_users", Stop::Denied, "setresuid",
        [](const Stage&) { return result_of(::syscall(SYS_setresuid, -1, -1, -1)); }},
    Act{"privileges", "set_all_groups", Stop::Denied, "setresgid",
        [](const Stage&) { return result_of(::syscall(SYS_setresgid, -1, -1, -1)); }},
    Act{"privileges", "set_capabilities", Stop::Denied, "capset", drop_capabilities},
    Act{"privileges", "set_umask", Stop::Denied, "umask",
        [](const Stage&) { return result_of(static_cast<int>(::syscall(SYS_umask, 022))); }},
};

}  // namespace

std::span<const Act> privilege_acts() { return kActs; }

}  // namespace shunt::hostile
