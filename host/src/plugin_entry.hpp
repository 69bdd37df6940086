#pragma once
/// Which [[plugin]] a file is judged by, without a host that runs.

#include <shunt/host/configuration.hpp>

#include <filesystem>
#include <string>

namespace shunt {

/// The entry that a host would start the file by; else the one by which it may join, that of its sha256; else null.
const PluginConfiguration* entry_of(const HostConfiguration& configuration, const std::filesystem::path& plugin,
                                    const std::string& sha256);

}  // namespace shunt
