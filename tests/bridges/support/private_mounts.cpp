#include "private_mounts.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace shunt::test {
namespace {

bool write_file(const char* path, const std::string& text) {
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  const bool written = file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(file);
  return written;
}

/// An ordinary user may mount in a user namespace only, in which it keeps its number.
bool enter_namespaces() {
  const std::string user = std::to_string(::geteuid());
  const std::string group = std::to_string(::getegid());
  if (::unshare(CLONE_NEWNS) == 0) return true;
  return ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_file("/proc/self/setgroups", "deny") &&
         write_file("/proc/self/uid_map", user + " " + user + " 1") &&
         write_file("/proc/self/gid_map", group + " " + group + " 1");
}

bool enter_private_mounts() {
  if (!enter_namespaces() || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  for (const char* folder : {"/dev/shm", "/tmp"})
    if (::mount("shunt-test", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") != 0) return false;
  return ::setenv("TMPDIR", "/tmp", 1) == 0;
}

}  // namespace

int run_in_private_mounts(int argc, char** argv) {
  bool only_lists = false;
  for (int i = 1; i < argc; ++i) only_lists |= std::string_view{argv[i]}.starts_with("--gtest_list_tests");
  if (!only_lists && !enter_private_mounts()) {
    std::perror("a /dev/shm and a /tmp of our own");
    return 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

}  // namespace shunt::test
