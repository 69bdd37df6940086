#include "namespaces.hpp"

#include "clone_process.hpp"
#include "family.hpp"

#include <array>
#include <csignal>
#include <string_view>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::launcher {
namespace {

constexpr int kAllButUser = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

Status write_file(const std::string& path, std::string_view text) {
  const bus::UniqueFd file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return system_error(fmt::format("writing \"{}\" to {}", text, path));
  return {};
}

/// Inside there is one user and one group. Outside they are nobody where root may say so, else who started us: root of
/// a user namespace in which there is no nobody is no other than itself.
Status map_ids(pid_t init) {
  const auto folder = fmt::format("/proc/{}", init);
  const auto map = [&](uid_t user, gid_t group) -> Status {
    SHUNT_CHECK(write_file(folder + "/uid_map", fmt::format("{} {} 1", kNobody, user)));
    return write_file(folder + "/gid_map", fmt::format("{} {} 1", kNobody, group));
  };
  if (::geteuid() == 0 && map(kNobody, kNobody)) return {};
  // Without root a group can be mapped only when groups can no longer be changed inside.
  SHUNT_CHECK(write_file(folder + "/setgroups", "deny"));
  return map(::geteuid(), ::getegid());
}

void end_child(pid_t child) noexcept {
  ::kill(child, SIGKILL);  // not reaped yet, so the number is still its own
  wait_for(child);
}

// ---- Init

Result<std::string> become_nobody() {
  if (::setgroups(0, nullptr) != 0 && errno != EPERM) return system_error("leaving all groups");
  if (::setresgid(kNobody, kNobody, kNobody) != 0) return system_error("changing to nobody's group");
  if (::setresuid(kNobody, kNobody, kNobody) != 0) return system_error("changing to nobody");
  return fmt::format("user and group {}", kNobody);
}

Status make_root_empty(ProcFolder proc) {
  constexpr unsigned long kBare = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  const auto step = [](int result, const char* what) { return result == 0 ? Status{} : Status{system_error(what)}; };
  SHUNT_CHECK(step(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "keeping mounts to ourselves"));
  // Any folder will do to hang it up; this one is there, or we would not have come so far.
  SHUNT_CHECK(step(::mount("none", "/proc", "tmpfs", kBare, "size=4k,nr_inodes=4,mode=755"), "mounting an empty root"));
  SHUNT_CHECK(step(::chdir("/proc"), "entering the empty root"));
  if (proc == ProcFolder::Mounted) {
    SHUNT_CHECK(step(::mkdir("proc", 0555), "making /proc"));
    SHUNT_CHECK(step(::mount("none", "proc", "proc", kBare, nullptr), "mounting /proc"));
  }
  SHUNT_CHECK(step(static_cast<int>(::syscall(SYS_pivot_root, ".", ".")), "changing the root"));
  SHUNT_CHECK(step(::umount2(".", MNT_DETACH), "letting go of the host's files"));
  SHUNT_CHECK(step(::chdir("/"), "entering the new root"));
  return step(::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_RDONLY | kBare, nullptr), "making the root read-only");
}

Result<std::string> drop_capabilities() {
  for (unsigned long each = 0; ::prctl(PR_CAPBSET_READ, each, 0, 0, 0) >= 0; ++each)
    ::prctl(PR_CAPBSET_DROP, each, 0, 0, 0);  // refused to those who have none to lose
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) return system_error("dropping capabilities");
  return std::string{"none left"};
}

void note_namespaces(const Forked& forked, Layers& layers) {
  constexpr std::array kLayers{
      std::pair{CLONE_NEWUSER, Layer::UserNamespace},   std::pair{CLONE_NEWPID, Layer::PidNamespace},
      std::pair{CLONE_NEWNET, Layer::NetworkNamespace}, std::pair{CLONE_NEWIPC, Layer::IpcNamespace},
      std::pair{CLONE_NEWUTS, Layer::HostName},         std::pair{CLONE_NEWCGROUP, Layer::CgroupNamespace}};
  for (const auto& [flag, layer] : kLayers) {
    if ((forked.namespaces & flag) != 0) layers.holds(layer, "of its own");
    else layers.lacks(layer, forked.why_not);
  }
}

}  // namespace

Result<Forked> fork_into_namespaces(Wanted wanted) {
  Forked result;
  for (const int namespaces : {kAllButUser | CLONE_NEWUSER, kAllButUser, 0}) {
    if (wanted == Wanted::Nothing && namespaces != 0) continue;
    result.namespaces = namespaces;
    result.pid = clone_process(namespaces);
    if (result.pid == 0) return result;
    if (result.pid < 0) {
      if (namespaces == 0) return system_error("forking the plugin's init");
      if (result.why_not.empty()) result.why_not = system_error("making namespaces").value().message;
      continue;
    }
    const Status mapped = (namespaces & CLONE_NEWUSER) != 0 ? map_ids(result.pid) : Status{};
    if (mapped) return result;
    // Of one that somebody has killed meanwhile nothing can be mapped: that says nothing of what can be had here.
    if (::waitpid(result.pid, nullptr, WNOHANG) == result.pid)
      return error(ErrorCode::PluginCrashed, "the plugin's init was killed before its namespaces were ready");
    end_child(result.pid);
    result.why_not = mapped.error().message;
  }
  return result;
}

Status leave_the_host(const Forked& forked, ProcFolder proc, Layers& layers) {
  note_namespaces(forked, layers);
  const bool own_users = (forked.namespaces & CLONE_NEWUSER) != 0;
  const bool own_mounts = (forked.namespaces & CLONE_NEWNS) != 0;
  const bool root = ::geteuid() == 0;
  // In a user namespace only nobody has a name that files can belong to; outside one, root mounts first.
  if (own_users) {
    SHUNT_TRY(nobody, become_nobody());
    layers.holds(Layer::Identity, nobody);
  }
  if ((forked.namespaces & CLONE_NEWUTS) != 0) ::sethostname("plugin", 6);
  if (own_mounts) {
    SHUNT_CHECK(make_root_empty(proc));
    layers.holds(Layer::EmptyRoot, proc == ProcFolder::Mounted ? "empty but for /proc" : "empty");
  } else {
    layers.lacks(Layer::EmptyRoot, forked.why_not);
  }
  if (!own_users && root) {
    SHUNT_TRY(nobody, become_nobody());
    layers.holds(Layer::Identity, nobody);
  } else if (!own_users) {
    layers.lacks(Layer::Identity, fmt::format("without a user namespace it is the host's user, {}", ::getuid()));
  }
  layers.note(Layer::Capabilities, drop_capabilities());
  return {};
}

}  // namespace shunt::launcher
