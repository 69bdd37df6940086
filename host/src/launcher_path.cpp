#include "launcher_path.hpp"

#include <unistd.h>

namespace shunt::host {
namespace {

bool runs(const std::filesystem::path& path) { return ::access(path.c_str(), X_OK) == 0; }

std::filesystem::path beside_executable(const std::string& program = "shunt-launch") {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / program;
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

Result<std::filesystem::path> bridge_path(const std::filesystem::path& configured, const std::string& program,
                                          const std::filesystem::path& launcher) {
  if (!configured.empty()) {
    if (runs(configured)) return configured;
    return error(ErrorCode::BadConfiguration, "a bridge's `program` is {}, which cannot be run: name the program {}",
                 configured.string(), program);
  }
  std::filesystem::path beside_launcher;
  if (const auto path = launcher_path(launcher)) beside_launcher = path->parent_path() / program;
  const auto installed = std::filesystem::path{SHUNT_INSTALLED_LAUNCHER}.parent_path() / program;
  for (const auto& path : {beside_launcher, beside_executable(program), installed})
    if (!path.empty() && runs(path)) return path;
  return error(ErrorCode::BadConfiguration,
               "a route is open, and {} is neither beside the launcher nor at {} nor at {}: install it (component "
               "bridges), or set `program` in [bridges]",
               program, beside_executable(program).string(), installed.string());
}

Result<std::filesystem::path> path_beside(const std::filesystem::path& launcher, const std::string& program) {
  SHUNT_TRY(path, launcher_path(launcher));
  for (const auto& each : {path.parent_path() / program, beside_executable(program)})
    if (runs(each)) return each;
  return error(ErrorCode::BadConfiguration, "{} is not beside the launcher, {}: install it there", program,
               path.string());
}

std::filesystem::path launcher_of_package(std::filesystem::path configured, const std::filesystem::path& packaged) {
  // Relative where the compiler was told to hide folders: where that leads depends on where the host is started.
  if (!configured.empty() || !packaged.is_absolute() || runs(beside_executable())) return configured;
  return packaged.lexically_normal();
}

}  // namespace shunt::host
