#pragma once
/// Where shunt-launch is.

#include <shunt/schemas/result.hpp>

#include <filesystem>

namespace shunt::host {

/// `configured` when it is set; else beside the running executable; else where Shunt was installed.
/// Errors: BadConfiguration naming every place that was looked at.
[[nodiscard]] Result<std::filesystem::path> launcher_path(const std::filesystem::path& configured);

}  // namespace shunt::host
