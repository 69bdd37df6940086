#pragma once
/// Where shunt-launch is, and the programs beside it.

#include <shunt/schemas/result.hpp>

#include <filesystem>
#include <string>

namespace shunt::host {

/// `configured` when it is set; else beside the running executable; else where Shunt was installed.
/// Errors: BadConfiguration naming every place that was looked at.
[[nodiscard]] Result<std::filesystem::path> launcher_path(const std::filesystem::path& configured);

/// Of a bridge: `configured` when it is set; else `program` beside the launcher, beside the running executable, or
/// where Shunt was installed. Errors: BadConfiguration naming every place that was looked at.
[[nodiscard]] Result<std::filesystem::path> bridge_path(const std::filesystem::path& configured,
                                                        const std::string& program,
                                                        const std::filesystem::path& launcher);

/// Of another program of the same release: beside the launcher, or beside the running executable.
/// Errors: BadConfiguration.
[[nodiscard]] Result<std::filesystem::path> path_beside(const std::filesystem::path& launcher,
                                                        const std::string& program);

/// What is to be configured in a program that was built against an installed Shunt whose launcher is `packaged`: that
/// one, unless another is `configured` or lies beside the executable.
[[nodiscard]] std::filesystem::path launcher_of_package(std::filesystem::path configured,
                                                        const std::filesystem::path& packaged);

}  // namespace shunt::host
