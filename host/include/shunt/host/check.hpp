#pragma once
/// Whether a host would accept a plugin, and why not, without starting either: what `shunt check` prints.
///
///     SHUNT_TRY(configuration, read_configuration("host.toml"));
///     const auto check = check_plugin(configuration, "plugins/libmomentum.so", std::chrono::system_clock::now());
///     if (!check.refusal) print(name(check.trust));

#include <shunt/host/configuration.hpp>
#include <shunt/host/trust.hpp>
#include <shunt/schemas/result.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace shunt {

/// A library that the plugin is handed beside the launcher's own.
struct CheckedLibrary {
  std::string name;
  std::string origin;  ///< "manifest" or "system": who vouches for its bytes.
  std::string path;
  std::string sha256;
};

/// A function that may keep a handler waiting, and which object calls it. Advice: a call can be hidden.
struct BlockingCall {
  std::string object;  ///< "" for the plugin, else a library that its manifest lists.
  std::string function;
};

struct PluginCheck {
  std::optional<Error> refusal;  ///< Why the host would not run it; none: it would.
  std::string plugin;            ///< This and all below: empty where the file is no plugin or is not trusted.
  std::string version;
  std::string sha256;
  std::string tool_chain;  ///< "GNU 12.2.0"; also empty where its build did not say.
  Trust trust = Trust::Unsigned;
  std::string signer;  ///< When signed: the name of the key.
  std::vector<CheckedLibrary> libraries;
  std::vector<BlockingCall> blocking;
};

/// Judges the file by `[trust]` and by the [[plugin]] whose path it is, or whose sha256 it has; without either as one
/// that joins by hand. Blocks for reading and hashing.
[[nodiscard]] PluginCheck check_plugin(const HostConfiguration& configuration, const std::filesystem::path& plugin,
                                       std::chrono::system_clock::time_point now);

}  // namespace shunt
