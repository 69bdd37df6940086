#include "launcher_path.hpp"

#include <unistd.h>

namespace shunt::host {
namespace {

bool runs(const std::filesystem::path& path) { return ::access(path.c_str(), X_OK) == 0; }

std::filesystem::path beside_executable() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "shunt-launch";
}

}  // namespace

Result<std::filesystem::path> launcher_path(const std::filesystem::path& configured) {
  if (!configured.empty()) {
    if (runs(configured)) return configured;
    return error(ErrorCode::BadConfiguration, "`launcher` is {}, which cannot be run: name the program shunt-launch",
                 configured.string());
  }
  const auto beside = beside_executable();
  if (runs(beside)) return beside;
  const std::filesystem::path installed = SHUNT_INSTALLED_LAUNCHER;
  if (runs(installed)) return installed;
  return error(ErrorCode::BadConfiguration, "shunt-launch is neither at {} nor at {}: set `launcher`", beside.string(),
               installed.string());
}

std::filesystem::path launcher_of_package(std::filesystem::path configured, const std::filesystem::path& packaged) {
  // Relative where the compiler was told to hide folders: where that leads depends on where the host is started.
  if (!configured.empty() || !packaged.is_absolute() || runs(beside_executable())) return configured;
  return packaged.lexically_normal();
}

}  // namespace shunt::host
