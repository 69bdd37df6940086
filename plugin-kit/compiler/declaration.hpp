#pragma once
/// What a plugin.toml says, as plain values with the place of each.

#include "problems.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shunt::manifest_compiler {

struct Schema {
  std::string file;  ///< As written; looked for beside the manifest, then in the schema folders.
  Place place;
};

struct Function {
  std::string name;
  std::string request;  ///< Type names are fully qualified, "market.Bar".
  std::string reply;
  bool idempotent = false;
  Place place;
};

struct Call {
  std::string function;  ///< "risk/check"
  std::string version;   ///< A range, "^1.2"; empty: any.
  std::string request;
  std::string reply;
  Place place;
};

struct Topic {
  std::string name;
  std::string type;
  bool idempotent = false;  ///< In only.
  std::string last_will;    ///< Out only.
  Place place;
};

/// A form in which the plugin writes down what it knows for another version of itself.
struct State {
  std::uint32_t version = 0;
  std::string type;
  Place place;
};

enum class ConfigType { Int, Float, Bool, String };

/// Values are text in the form the contract reads; absent where the manifest says nothing.
struct ConfigKey {
  std::string name;
  ConfigType type = ConfigType::String;
  bool required = false;
  std::optional<std::string> minimum;
  std::optional<std::string> maximum;
  std::optional<std::string> pattern;
  std::optional<std::string> fallback;
  Place place;
};

/// A shared library that the build names: what the plugin is linked with.
struct Library {
  std::string name;    ///< Its SONAME.
  std::string sha256;  ///< Of its file.
};

struct Declaration {
  std::string file;
  std::string name;
  std::string version;
  std::uint16_t abi = 0;
  std::vector<Schema> schemas;
  std::vector<Function> functions;
  std::vector<Call> calls;
  std::vector<Topic> topics_in;
  std::vector<Topic> topics_out;
  std::vector<ConfigKey> config;
  std::vector<std::string> read;
  std::vector<std::string> syscalls;
  std::uint32_t workers = 1;
  std::uint32_t in_flight_max = 50;
  std::vector<State> state;  ///< By number, ascending.
  std::vector<Library> libraries;
  std::string tool_chain;  ///< As the build names it; empty: it does not.
  Place place;             ///< Of [plugin].
};

/// Reads a plugin.toml and checks all of it that needs no schema. Whether it is usable: `problems.none()`.
Declaration read_declaration(const std::string& file, Problems& problems);

}  // namespace shunt::manifest_compiler
