/// Files of the tester's, by every way to read, change, name or list them.
#include "act.hpp"

#include <array>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::hostile {
namespace {

std::string secret(const Stage& stage) { return stage.folder + "/secret"; }
std::string fresh(const Stage& stage, const char* name) { return stage.folder + "/empty/" + name; }

int open_with(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  const int result = result_of(fd);
  if (fd >= 0) ::close(fd);
  return result;
}

int list_folder(const Stage& stage) {
  DIR* const folder = ::opendir(stage.folder.c_str());
  if (folder == nullptr) return errno;
  const bool any = ::readdir(folder) != nullptr;
  ::closedir(folder);
  return any ? 0 : ENOENT;
}

int open_with_openat2(const Stage& stage) {
  open_how how{};
  how.flags = O_RDONLY;
  return result_of(::syscall(SYS_openat2, AT_FDCWD, secret(stage).c_str(), &how, sizeof(how)));
}

int read_status(const Stage& stage) {
  struct stat about {};
  return result_of(::stat(secret(stage).c_str(), &about));
}

int read_statx(const Stage& stage) {
  struct statx about {};
  return result_of(::syscall(SYS_statx, AT_FDCWD, secret(stage).c_str(), 0, STATX_ALL, &about));
}

int read_link(const Stage&) {
  std::array<char, 256> target{};
  return result_of(::readlink("/proc/self/exe", target.data(), target.size()));
}

int rename_file(const Stage& stage) {
  if (const int made = open_with(fresh(stage, "old"), O_CREAT | O_WRONLY); made != 0) {
    // Where nothing can be made there is still the tester's own to rename.
    return result_of(::rename(secret(stage).c_str(), fresh(stage, "stolen").c_str()));
  }
  return result_of(::rename(fresh(stage, "old").c_str(), fresh(stage, "new").c_str()));
}

int read_file_system(const Stage& stage) {
  struct statfs about {};
  return result_of(::statfs(stage.folder.c_str(), &about));
}

int make_handle(const Stage& stage) {
  alignas(file_handle) std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> room{};
  auto* const handle = reinterpret_cast<file_handle*>(room.data());
  handle->handle_bytes = MAX_HANDLE_SZ;
  int mount = 0;
  // Not every file system has handles; this one has, and lies on every machine.
  const std::string path = ::access("/dev/shm", F_OK) == 0 ? "/dev/shm" : secret(stage);
  return result_of(::name_to_handle_at(AT_FDCWD, path.c_str(), handle, &mount, 0));
}

int set_times(const Stage& stage) { return result_of(::utimensat(AT_FDCWD, secret(stage).c_str(), nullptr, 0)); }

constexpr std::array kActs{
    Act{"files", "read_file", Stop::Denied, "openat", [](const Stage& s) { return open_with(secret(s), O_RDONLY); }},
    Act{"files", "read_passwords", Stop::Denied, "openat",
        [](const Stage&) { return open_with("/etc/passwd", O_RDONLY); }},
    Act{"files", "read_own_memory", Stop::Denied, "openat",
        [](const Stage&) { return open_with("/proc/self/mem", O_RDWR); }},
    Act{"files", "read_own_maps", Stop::Denied, "openat",
        [](const Stage&) { return open_with("/proc/self/maps", O_RDONLY); }},
    Act{"files", "open_by_openat2", Stop::Denied, "openat2", open_with_openat2},
    Act{"files", "open_by_old_call", Stop::Denied, "open",
        [](const Stage& s) { return result_of(::syscall(SYS_open, secret(s).c_str(), O_RDONLY)); }},
    Act{"files", "write_file", Stop::Denied, "openat", [](const Stage& s) { return open_with(secret(s), O_WRONLY); }},
    Act{"files", "append_to_file", Stop::Denied, "openat",
        [](const Stage& s) { return open_with(secret(s), O_WRONLY | O_APPEND); }},
    Act{"files", "create_file", Stop::Denied, "openat",
        [](const Stage& s) { return open_with(fresh(s, "created"), O_WRONLY | O_CREAT); }},
    Act{"files", "create_by_creat", Stop::Denied, "creat",
        [](const Stage& s) { return result_of(::syscall(SYS_creat, fresh(s, "creat").c_str(), 0600)); }},
    Act{"files", "create_nameless_file", Stop::Denied, "openat",
        [](const Stage&) { return open_with("/dev/shm", O_RDWR | O_TMPFILE); }},
    Act{"files", "truncate_file", Stop::Denied, "truncate",
        [](const Stage& s) { return result_of(::truncate(secret(s).c_str(), 1)); }},
    Act{"files", "change_mode", Stop::Denied, "chmod fchmodat",
        [](const Stage& s) { return result_of(::chmod(secret(s).c_str(), 0600)); }},
    Act{"files", "change_owner", Stop::Denied, "chown fchownat",
        [](const Stage& s) { return result_of(::chown(secret(s).c_str(), ::getuid(), ::getgid())); }},
    Act{"files", "change_times", Stop::Denied, "utimensat", set_times},
    Act{"files", "rename_file", Stop::Denied, "rename renameat", rename_file},
    Act{"files", "link_file", Stop::Denied, "link linkat",
        [](const Stage& s) { return result_of(::link(secret(s).c_str(), fresh(s, "hard").c_str())); }},
    Act{"files", "link_by_name", Stop::Denied, "symlink symlinkat",
        [](const Stage& s) { return result_of(::symlink(secret(s).c_str(), fresh(s, "soft").c_str())); }},
    Act{"files", "make_pipe_file", Stop::Denied, "mknod mknodat",
        [](const Stage& s) { return result_of(::mkfifo(fresh(s, "fifo").c_str(), 0600)); }},
    Act{"files", "make_folder", Stop::Denied, "mkdir mkdirat",
        [](const Stage& s) { return result_of(::mkdir(fresh(s, "folder").c_str(), 0700)); }},
    Act{"files", "remove_folder", Stop::Denied, "rmdir unlinkat",
        [](const Stage& s) { return result_of(::rmdir((s.folder + "/doomed").c_str())); }},
    Act{"files", "remove_file", Stop::Denied, "unlink unlinkat",
        [](const Stage& s) { return result_of(::unlink((s.folder + "/victim").c_str())); }},
    Act{"files", "list_folder", Stop::Denied, "openat", list_folder},
    Act{"files", "ask_about_file", Stop::Denied, "newfstatat", read_status},
    Act{"files", "ask_by_statx", Stop::Denied, "statx", read_statx},
    Act{"files", "ask_for_access", Stop::Denied, "access faccessat",
        [](const Stage& s) { return result_of(::access(secret(s).c_str(), R_OK)); }},
    Act{"files", "ask_for_own_program", Stop::Denied, "readlink readlinkat", read_link},
    Act{"files", "ask_about_file_system", Stop::Denied, "statfs", read_file_system},
    Act{"files", "make_file_handle", Stop::Denied, "name_to_handle_at", make_handle},
    Act{"files", "change_folder", Stop::Denied, "chdir",
        [](const Stage& s) { return result_of(::chdir(s.folder.c_str())); }},
    Act{"files", "watch_folder", Stop::Denied, "inotify_init1",
        [](const Stage&) { return result_of(::inotify_init1(IN_CLOEXEC)); }},
    Act{"files", "make_memory_file", Stop::Denied, "memfd_create",
        [](const Stage&) { return result_of(::memfd_create("mine", 0)); }},
    Act{"files", "write_back_everything", Stop::Denied, "sync",
        [](const Stage&) { return result_of(::syscall(SYS_sync)); }},
};

}  // namespace

std::span<const Act> file_acts() { return kActs; }

}  // namespace shunt::hostile
