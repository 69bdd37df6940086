#pragma once
/// What a plugin declares, as plain values: read from the FlatBuffer in its ELF note, checked, and free of it.
///
///     SHUNT_TRY(manifest, parse_manifest(note.description));
///     for (const DeclaredFunction& function : manifest.functions) print(manifest.name, function.name);

#include <shunt/schemas/ids.hpp>
#include <shunt/schemas/result.hpp>
#include <shunt/schemas/tool_chain.hpp>
#include <shunt/schemas/version.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shunt {

/// A FlatBuffers table by its full name ("market.Bar") and the hash of its canonical schema.
struct PayloadType {
  std::string name;
  SchemaHash schema;
  friend bool operator==(const PayloadType&, const PayloadType&) = default;
};

/// A function that the plugin serves.
struct DeclaredFunction {
  std::string name;
  PayloadType request;
  PayloadType reply;
  bool idempotent = false;  ///< May be sent again after a death.
  friend bool operator==(const DeclaredFunction&, const DeclaredFunction&) = default;
};

/// A function of another plugin that this one may call.
struct DeclaredCall {
  std::string function;  ///< "plugin/function"
  std::string version;   ///< A range such as "^1.2"; empty for any.
  PayloadType request;
  PayloadType reply;
  friend bool operator==(const DeclaredCall&, const DeclaredCall&) = default;
};

struct DeclaredTopic {
  std::string name;
  PayloadType type;
  bool idempotent = false;  ///< Topics in only: may be delivered again after a death.
  std::string last_will{};  ///< Topics out only: the name of what goes out when the plugin vanishes; empty for nothing.
  friend bool operator==(const DeclaredTopic&, const DeclaredTopic&) = default;
};

/// A form in which the plugin writes down what it knows for another version of itself, and reads it.
struct DeclaredState {
  std::uint32_t version = 1;  ///< Its number, the plugin's own: 1 .. kStateVersionMax.
  PayloadType type;
  friend bool operator==(const DeclaredState&, const DeclaredState&) = default;
};

/// As they are numbered in manifest.fbs.
enum class ConfigType : std::uint8_t { Int, Float, Bool, String };

/// "int", "float", "bool" or "string", as plugin.toml spells it.
std::string_view name(ConfigType type) noexcept;

/// A setting that the plugin takes. Values are text: "20", "0.5", "true", "fast".
struct ConfigKey {
  std::string name;
  ConfigType type = ConfigType::Int;
  bool required = false;
  std::optional<std::string> minimum{};  ///< Int and Float only, as is `maximum`; both inclusive.
  std::optional<std::string> maximum{};
  std::optional<std::string> pattern{};  ///< String only: an ECMAScript expression that must match the whole value.
  std::optional<std::string> default_value{};
  friend bool operator==(const ConfigKey&, const ConfigKey&) = default;
};

/// What the plugin asks for beyond the default sandbox.
struct Permissions {
  std::vector<std::string> read;      ///< Absolute paths.
  std::vector<std::string> syscalls;  ///< By name.
  friend bool operator==(const Permissions&, const Permissions&) = default;
};

/// flatc's reflection schema of one file, for tools and conformance checks. Its bytes are carried, not verified.
struct BinarySchema {
  std::string file;
  std::vector<std::byte> bytes;
  friend bool operator==(const BinarySchema&, const BinarySchema&) = default;
};

/// A shared library that the plugin needs beside the launcher's own, and is handed.
struct ManifestLibrary {
  std::string name;    ///< As DT_NEEDED and its SONAME say it: "libindicators.so.2".
  std::string sha256;  ///< Of its file: 64 hex digits, lower case.
  friend bool operator==(const ManifestLibrary&, const ManifestLibrary&) = default;
};

struct Manifest {
  std::string name;
  Version version;  ///< With its ABI level; the build hash is the shared object's, not the manifest's.
  std::vector<DeclaredFunction> functions;
  std::vector<DeclaredCall> calls;
  std::vector<DeclaredTopic> topics_in;
  std::vector<DeclaredTopic> topics_out;
  std::vector<ConfigKey> config;
  Permissions permissions;
  std::vector<BinarySchema> binary_schemas;
  std::vector<ManifestLibrary> libraries{};
  std::optional<ToolChain> tool_chain{};  ///< What compiled the plugin; none: its build does not say.
  std::uint32_t workers = 1;              ///< Threads that run its handlers: 1 .. kWorkersMax.
  std::uint32_t in_flight_max = 50;       ///< Requests begun and not answered at one time: 1 .. kHandlersInFlightMax.
  std::vector<DeclaredState> state{};     ///< By number, ascending; none: it has no state to hand over.
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

inline constexpr std::uint32_t kWorkersMax = 64;
inline constexpr std::uint32_t kHandlersInFlightMax = 10'000;
inline constexpr std::uint32_t kStateVersionMax = 65'535;
inline constexpr std::size_t kStateVersionsMax = 16;   ///< Of one plugin: the ones that it still reads and writes.
inline constexpr std::size_t kSettingBytesMax = 4096;  ///< Of one value.

/// Reads the FlatBuffer of an ELF note: bytes that nobody has checked yet, at any alignment, and copied first.
/// Errors: BadManifest (rebuild the plugin with this release's kit), TooLarge (above kManifestBytesMax: fewer schemas).
Result<Manifest> parse_manifest(std::span<const std::byte> bytes);

/// What parse_manifest checks of the content: names, counts, duplicates, ranges and defaults. For whoever writes one.
/// Errors: BadManifest, naming the entry and the rule.
Status check_manifest(const Manifest& manifest);

/// Whether a plugin can ask to read this file or folder: an absolute path that names one place, other than the root and
/// what the kernel makes up (/proc, /sys, /dev). Errors: BadManifest, naming the path and what is meant.
Status check_read_path(std::string_view path);

/// Whether `value` is one that `key` takes: its type, its range and its pattern. Compiles the pattern, so give it only
/// manifests of plugins that are trusted. Never throws.
/// Errors: BadInput (the value does not fit; the text says what does), BadManifest (the pattern is not an expression).
Status check_setting(const ConfigKey& key, std::string_view value);

}  // namespace shunt
