#include "granted_calls.hpp"

#include "filter.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace shunt::launcher {
namespace {

constexpr std::array<std::string_view, 73> kNever{
    // New programs and processes; threads come by pthread_create, within the limit.
    "execve", "execveat", "fork", "vfork", "clone", "clone3",
    // Other processes.
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_open", "pidfd_getfd",
    "pidfd_send_signal", "kcmp", "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "move_pages",
    "migrate_pages",
    // The sandbox itself.
    "seccomp", "prctl", "arch_prctl", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
    "unshare", "setns", "personality", "modify_ldt",
    // Privileges.
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups", "capset",
    "prlimit64", "setrlimit",
    // The machine.
    "mount", "umount2", "move_mount", "open_tree", "fsopen", "fsmount", "mount_setattr", "pivot_root", "chroot", "bpf",
    "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "init_module",
    "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "iopl", "ioperm",
    "add_key", "request_key", "keyctl", "mknod", "mknodat"};

}  // namespace

Result<std::set<int>> granted_calls(const std::vector<std::string>& names) {
  std::set<int> numbers;
  for (const std::string& name : names) {
    if (std::ranges::find(kNever, name) != kNever.end())
      return error(
          ErrorCode::BadManifest,
          "the manifest asks for the system call {}, by which a plugin could leave its sandbox: no plugin gets it",
          name);
    const auto number = call_number(name);
    if (!number)
      return error(ErrorCode::BadManifest, "the manifest asks for \"{}\", which is no system call of this machine",
                   name);
    numbers.insert(*number);
  }
  return numbers;
}

}  // namespace shunt::launcher
