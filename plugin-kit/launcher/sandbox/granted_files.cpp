#include "granted_files.hpp"

#include <shunt/schemas/plain_path.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::launcher {
namespace {

bus::UniqueFd open_beneath(int folder, const std::string& path, std::uint64_t resolve) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;  // not waiting for whoever holds the other end of a pipe
  how.resolve = resolve;
  return bus::UniqueFd{static_cast<int>(::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof(how)))};
}

std::string_view without_slash(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

/// The part of `path` below the declared `folder`; empty: it is not below.
std::string_view below(std::string_view path, std::string_view folder) {
  if (path.size() <= folder.size() + 1 || !path.starts_with(folder) || path[folder.size()] != '/') return {};
  return path.substr(folder.size() + 1);
}

}  // namespace

bus::UniqueFd GrantedFiles::open_object(const std::string& path) const {
  constexpr std::string_view kFolder = "/proc/self/fd/";
  if (!path.starts_with(kFolder)) return {};
  int number = -1;
  const auto* const end = path.data() + path.size();
  const auto parsed = std::from_chars(path.data() + kFolder.size(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end || std::ranges::find(objects_, number) == objects_.end()) return {};
  return bus::UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
}

bool GrantedFiles::declares(const std::string& path) const {
  return is_plain_path(path) && std::ranges::any_of(reads_, [&](std::string_view declared) {
           declared = without_slash(declared);
           return path == declared || !below(path, declared).empty();
         });
}

bus::UniqueFd GrantedFiles::open_declared(const std::string& path) const {
  bus::UniqueFd file;
  errno = EACCES;
  for (const std::string_view declared : reads_) {
    const std::string folder{without_slash(declared)};
    if (path == folder) {
      file = open_beneath(AT_FDCWD, path, RESOLVE_NO_MAGICLINKS);
    } else if (const auto rest = below(path, folder); !rest.empty()) {
      const bus::UniqueFd beneath{::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
      if (beneath)
        file =
            open_beneath(beneath.get(), std::string{rest}, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
    }
    if (file) break;
  }
  struct stat about {};
  if (!file || ::fstat(file.get(), &about) != 0) return {};
  if (S_ISREG(about.st_mode)) return file;
  errno = EACCES;
  return {};
}

}  // namespace shunt::launcher
