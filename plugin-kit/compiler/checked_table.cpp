#include "checked_table.hpp"

#include <algorithm>

#include <fmt/ranges.h>

namespace shunt::manifest_compiler {

std::string_view kind_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number with a point";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or a time";
  }
}

Place CheckedTable::place_of(const toml::node& node) const {
  const auto line = node.source().begin.line;
  return {place_.file, line == 0 ? place_.line : static_cast<std::uint32_t>(line)};
}

void CheckedTable::wrong_type(const std::string& key, const toml::node& node, std::string_view wanted) const {
  problems_.add(place_of(node), "{} of {} must be {}, not {}.", key, path_, wanted, kind_of(node));
}

const toml::node* CheckedTable::any(const std::string& key) {
  known_.push_back(key);
  return table_.get(key);
}

std::optional<std::string> CheckedTable::string(const std::string& key) {
  const auto* node = any(key);
  if (node == nullptr) return {};
  if (const auto* value = node->as_string()) return value->get();
  wrong_type(key, *node, "a string");
  return {};
}

std::string CheckedTable::required_string(const std::string& key, std::string_view example) {
  const auto value = string(key);
  if (!value && table_.get(key) == nullptr)
    problems_.add(place_, "{} needs {}, for example {} = \"{}\".", path_, key, key, example);
  if (value && value->empty()) problems_.add(place_of(*table_.get(key)), "{} of {} is empty.", key, path_);
  return value.value_or("");
}

std::optional<std::int64_t> CheckedTable::integer(const std::string& key) {
  const auto* node = any(key);
  if (node == nullptr) return {};
  if (const auto* value = node->as_integer()) return value->get();
  wrong_type(key, *node, "a whole number");
  return {};
}

bool CheckedTable::boolean(const std::string& key) {
  const auto* node = any(key);
  if (node == nullptr) return false;
  if (const auto* value = node->as_boolean()) return value->get();
  wrong_type(key, *node, "true or false");
  return false;
}

std::vector<std::pair<std::string, Place>> CheckedTable::strings(const std::string& key) {
  const auto* node = any(key);
  if (node == nullptr) return {};
  std::vector<std::pair<std::string, Place>> values;
  const auto* list = node->as_array();
  if (list == nullptr) {
    wrong_type(key, *node, "a list of strings");
    return {};
  }
  for (const auto& element : *list) {
    if (const auto* value = element.as_string()) values.emplace_back(value->get(), place_of(element));
    else wrong_type(key, element, "a list of strings");
  }
  return values;
}

const toml::table* CheckedTable::table(const std::string& key) {
  const auto* node = any(key);
  if (node == nullptr) return nullptr;
  if (const auto* value = node->as_table()) return value;
  wrong_type(key, *node, "a table");
  return nullptr;
}

void CheckedTable::refuse_unknown() const {
  for (const auto& [key, node] : table_) {
    const std::string name(key.str());
    if (std::ranges::find(known_, name) != known_.end()) continue;
    const auto line = key.source().begin.line;
    problems_.add({place_.file, line == 0 ? place_of(node).line : static_cast<std::uint32_t>(line)},
                  "{} has no key \"{}\"; it knows: {}.", path_, name, fmt::join(known_, ", "));
  }
}

}  // namespace shunt::manifest_compiler
