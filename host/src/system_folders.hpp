#pragma once
/// Libraries that root has installed, and nobody else could have.

#include <shunt/schemas/result.hpp>

#include <filesystem>
#include <string>

namespace shunt {

/// The file of a library in the system's folders, without links, when it and every folder above it belong to root and
/// nobody else can write them. Errors: NotTrusted, naming what is wrong and where.
Result<std::filesystem::path> find_system_library(const std::string& library);

/// Whether only root can write `file` and what is above it. The path has no links. Errors: NotTrusted, System.
Status check_only_root_writes(const std::filesystem::path& file);

}  // namespace shunt
