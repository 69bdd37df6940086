#pragma once
/// A TOML table that is read key by key; wrong types, missing and unknown keys become problems.

#include "problems.hpp"

#include <optional>
#include <string>
#include <vector>

#include <toml++/toml.h>

namespace shunt::manifest_compiler {

class CheckedTable {
 public:
  /// `path` is what people call the table, "[functions.signal]".
  CheckedTable(const toml::table& table, std::string path, Place place, Problems& problems)
      : table_(table), path_(std::move(path)), place_(std::move(place)), problems_(problems) {}

  std::optional<std::string> string(const std::string& key);
  std::string required_string(const std::string& key, std::string_view example);
  std::optional<std::int64_t> integer(const std::string& key);
  bool boolean(const std::string& key);
  std::vector<std::pair<std::string, Place>> strings(const std::string& key);
  /// Null when absent or not a table.
  const toml::table* table(const std::string& key);
  const toml::node* any(const std::string& key);

  /// Reports every key that nobody asked for. Last.
  void refuse_unknown() const;

  [[nodiscard]] const Place& place() const { return place_; }
  [[nodiscard]] Place place_of(const toml::node& node) const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  void wrong_type(const std::string& key, const toml::node& node, std::string_view wanted) const;

  const toml::table& table_;
  std::string path_;
  Place place_;
  Problems& problems_;
  std::vector<std::string> known_;
};

/// "a string", "a whole number": what a node is, for people.
std::string_view kind_of(const toml::node& node);

}  // namespace shunt::manifest_compiler
