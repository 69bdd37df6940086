#include "private_mounts.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
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

bool mount_empty(const char* folder) {
  return ::mount("shunt-test", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") == 0;
}

/// The programs and the sources of this tree may lie in /tmp, and stay there: in `fresh`, which is to be the new one.
bool keep_tree(const std::filesystem::path& fresh) {
  for (const std::filesystem::path tree : {SHUNT_SOURCE_TREE, SHUNT_BUILD_TREE}) {
    const auto within = tree.lexically_relative("/tmp");
    if (within.empty() || *within.begin() == "..") continue;
    const auto kept = fresh / *within.begin();
    if (std::error_code code; !std::filesystem::create_directory(kept, code)) continue;  // the other one's
    const auto here = "/tmp" / *within.begin();
    if (::mount(here.c_str(), kept.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) return false;
  }
  return true;
}

bool enter_private_mounts() {
  constexpr const char* kFresh = "/dev/shm/tmp";
  if (!enter_namespaces() || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  if (!mount_empty("/dev/shm") || ::mkdir(kFresh, 0700) != 0 || !mount_empty(kFresh)) return false;
  if (!keep_tree(kFresh) || ::mount(kFresh, "/tmp", nullptr, MS_MOVE, nullptr) != 0) return false;
  return ::rmdir(kFresh) == 0 && ::setenv("TMPDIR", "/tmp", 1) == 0;
}

}  // namespace

bool holds_tree(const std::filesystem::path& folder) {
  for (const std::filesystem::path tree : {SHUNT_SOURCE_TREE, SHUNT_BUILD_TREE})
    if (const auto within = tree.lexically_relative(folder); !within.empty() && *within.begin() != "..") return true;
  return false;
}

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
