#include "launcher_path.hpp"

#include <unistd.h>

namespace shunt::host {

Result<std::filesystem::path> launcher_path(const std::filesystem::path& configured) {
  const auto runs = [](const std::filesystem::path& path) { return ::access(path.c_str(), X_OK) == 0; };
  if (!configured.empty()) {
    if (runs(configured)) return configured;
    return error(ErrorCode::BadConfiguration, "`launcher` is {}, which cannot be run: name the program shunt-launch",
                 configured.string());
  }
  std::error_code ignored;
  const auto beside = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "shunt-launch";
  if (runs(beside)) return beside;
  const std::filesystem::path installed = SHUNT_INSTALLED_LAUNCHER;
  if (runs(installed)) return installed;
  return error(ErrorCode::BadConfiguration, "shunt-launch is neither at {} nor at {}: set `launcher`", beside.string(),
               installed.string());
}

}  // namespace shunt::host
