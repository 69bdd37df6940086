#include "system_folders.hpp"

#include <array>
#include <string_view>

#include <sys/stat.h>

namespace shunt {
namespace {

#if defined(__x86_64__)
constexpr std::string_view kMachineFolder = "x86_64-linux-gnu";
#else
constexpr std::string_view kMachineFolder = "aarch64-linux-gnu";
#endif

/// Where the loader looks without a cache and without being told; Debian's folders of this machine first.
std::array<std::filesystem::path, 6> folders() {
  const std::filesystem::path machine(kMachineFolder);
  return {"/lib" / machine, "/usr/lib" / machine, "/lib64", "/usr/lib64", "/lib", "/usr/lib"};
}

}  // namespace

Status check_only_root_writes(const std::filesystem::path& file) {
  std::filesystem::path above;
  for (const auto& step : file) {
    above /= step;
    struct stat status {};
    if (::lstat(above.c_str(), &status) != 0) return system_error(above.string());
    if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
      return error(ErrorCode::NotTrusted, "{} can be written by others than root (user {}, mode {:04o})",
                   above.string(), status.st_uid, status.st_mode & 07777u);
  }
  return {};
}

Result<std::filesystem::path> find_system_library(const std::string& library) {
  for (const auto& folder : folders()) {
    std::error_code code;
    const auto file = std::filesystem::canonical(folder / library, code);
    if (code) continue;
    SHUNT_CHECK(check_only_root_writes(file));
    return file;
  }
  return error(ErrorCode::NotTrusted,
               "{} is in none of the system's folders for libraries: install it, or list it in the plugin's manifest "
               "with LIBRARIES of shunt_add_plugin",
               library);
}

}  // namespace shunt
