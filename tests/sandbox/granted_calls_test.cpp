/// Which system calls a manifest may ask for.
#include "sandbox/granted_calls.hpp"

#include "sandbox/filter.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::launcher {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Forbidden : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Programs, Forbidden,
                         testing::Values("execve", "execveat", "fork", "vfork", "clone", "clone3"));
INSTANTIATE_TEST_SUITE_P(OtherProcesses, Forbidden,
                         testing::Values("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
                                         "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "kcmp", "kill", "tkill",
                                         "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "move_pages",
                                         "migrate_pages"));
INSTANTIATE_TEST_SUITE_P(TheSandbox, Forbidden,
                         testing::Values("seccomp", "prctl", "arch_prctl", "landlock_create_ruleset",
                                         "landlock_add_rule", "landlock_restrict_self", "unshare", "setns",
                                         "personality", "modify_ldt"));
INSTANTIATE_TEST_SUITE_P(Privileges, Forbidden,
                         testing::Values("setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid",
                                         "setfsuid", "setfsgid", "setgroups", "capset", "prlimit64", "setrlimit"));
INSTANTIATE_TEST_SUITE_P(TheMachine, Forbidden,
                         testing::Values("mount", "umount2", "move_mount", "open_tree", "fsopen", "fsmount",
                                         "mount_setattr", "pivot_root", "chroot", "bpf", "perf_event_open",
                                         "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
                                         "init_module", "finit_module", "delete_module", "kexec_load",
                                         "kexec_file_load", "reboot", "swapon", "swapoff", "iopl", "ioperm", "add_key",
                                         "request_key", "keyctl", "mknod", "mknodat"));

TEST_P(Forbidden, calls_are_refused_to_every_manifest_by_name) {
  const auto granted = granted_calls({"uname", GetParam()});

  ASSERT_FALSE(granted);
  EXPECT_EQ(granted.error().code, ErrorCode::BadManifest);
  EXPECT_THAT(granted.error().message,
              AllOf(HasSubstr(std::string{"the system call "} + GetParam() + ","), HasSubstr("no plugin gets it")));
}

TEST(GrantedCalls, are_the_numbers_of_the_names) {
  const auto granted = granted_calls({"uname", "getcpu"});

  ASSERT_TRUE(granted) << to_string(granted.error());
  EXPECT_EQ(*granted, (std::set<int>{call_number("uname").value(), call_number("getcpu").value()}));
  EXPECT_TRUE(granted_calls({}).value().empty());
}

TEST(GrantedCalls, that_this_machine_does_not_have_are_refused_by_name) {
  const auto granted = granted_calls({"unmae"});

  ASSERT_FALSE(granted);
  EXPECT_EQ(granted.error().code, ErrorCode::BadManifest);
  EXPECT_THAT(granted.error().message, HasSubstr("\"unmae\", which is no system call"));
}

}  // namespace
}  // namespace shunt::launcher
