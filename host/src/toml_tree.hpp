#pragma once
/// A TOML file as plain values that know where they stand, in the order they were written.

#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace shunt {

struct TomlEntry;

struct TomlNode {
  using Array = std::vector<TomlNode>;
  using Table = std::vector<TomlEntry>;

  std::string place;  ///< "host.toml:12:3", as editors jump to it.
  std::variant<std::int64_t, double, bool, std::string, Array, Table> value;

  /// "a string", "a table", ...
  [[nodiscard]] std::string_view kind() const;
  [[nodiscard]] const Table* table() const { return std::get_if<Table>(&value); }
};

struct TomlEntry {
  std::string key;
  std::string place;  ///< Of the key.
  TomlNode node;
};

/// Errors: System (the file cannot be read), BadConfiguration (not TOML, or a date in it, which nothing here takes).
Result<TomlNode> read_toml(const std::filesystem::path& path);
/// The same of a file's content; `name` is what places call it. Errors: BadConfiguration.
Result<TomlNode> parse_toml(std::string_view text, const std::string& name);

}  // namespace shunt
