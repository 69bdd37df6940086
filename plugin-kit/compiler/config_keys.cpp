#include "config_keys.hpp"

#include "checked_table.hpp"
#include "names.hpp"

#include <shunt/schemas/manifest.hpp>
#include <shunt/schemas/pattern.hpp>

#include <cmath>

namespace shunt::manifest_compiler {
namespace {

std::optional<ConfigType> config_type(const std::string& name) {
  if (name == "int") return ConfigType::Int;
  if (name == "float") return ConfigType::Float;
  if (name == "bool") return ConfigType::Bool;
  if (name == "string") return ConfigType::String;
  return {};
}

/// A value of `type` as text with every digit; nothing when the node is of another type. A whole number will do for a
/// float.
std::optional<std::string> value_text(ConfigType type, const toml::node& node) {
  switch (type) {
    case ConfigType::Int:
      if (const auto* value = node.as_integer()) return fmt::format("{}", value->get());
      return {};
    case ConfigType::Float:
      if (const auto* value = node.as_floating_point(); value != nullptr && std::isfinite(value->get()))
        return fmt::format("{}", value->get());
      if (const auto* value = node.as_integer()) return fmt::format("{}", static_cast<double>(value->get()));
      return {};
    case ConfigType::Bool:
      if (const auto* value = node.as_boolean()) return value->get() ? "true" : "false";
      return {};
    case ConfigType::String:
      if (const auto* value = node.as_string()) return value->get();
      return {};
  }
  return {};
}

bool below(ConfigType type, const std::string& left, const std::string& right) {
  return type == ConfigType::Int ? std::stoll(left) < std::stoll(right) : std::stod(left) < std::stod(right);
}

/// Reads one of min, max, default and pattern as text.
std::optional<std::string> read_value(CheckedTable& entry, const std::string& key, ConfigType type,
                                      std::string_view type_name, Problems& problems) {
  const auto* node = entry.any(key);
  if (node == nullptr) return {};
  auto text = value_text(type, *node);
  if (!text)
    problems.add(entry.place_of(*node), "{} of {} is {}, but the type is {}.", key, entry.path(), kind_of(*node),
                 type_name);
  return text;
}

void check_bounds(const ConfigKey& key, Problems& problems) {
  if (key.minimum && key.maximum && below(key.type, *key.maximum, *key.minimum))
    problems.add(key.place, "config.{}: min = {} is above max = {}.", key.name, *key.minimum, *key.maximum);
  if (!key.fallback) return;
  if (key.minimum && below(key.type, *key.fallback, *key.minimum))
    problems.add(key.place, "config.{}: default = {} is below min = {}.", key.name, *key.fallback, *key.minimum);
  if (key.maximum && below(key.type, *key.maximum, *key.fallback))
    problems.add(key.place, "config.{}: default = {} is above max = {}.", key.name, *key.fallback, *key.maximum);
}

/// Of a default also its length.
void check_pattern(const ConfigKey& key, Problems& problems) {
  const bool fits = !key.fallback || key.fallback->size() <= kSettingBytesMax;
  if (!fits)
    problems.add(key.place, "config.{}: default has {} bytes; at most {} are possible.", key.name, key.fallback->size(),
                 kSettingBytesMax);
  if (!key.pattern) return;
  const auto matches = matches_pattern(fits ? key.fallback.value_or("") : "", *key.pattern);
  if (!matches) problems.add(key.place, "config.{}: pattern {}.", key.name, matches.error().message);
  else if (fits && key.fallback && !*matches)
    problems.add(key.place, "config.{}: default = \"{}\" does not match pattern = \"{}\".", key.name, *key.fallback,
                 *key.pattern);
}

}  // namespace

std::optional<ConfigKey> read_config_key(const std::string& name, const toml::node& node, const Place& place,
                                         Problems& problems) {
  const auto* table = node.as_table();
  if (table == nullptr) {
    problems.add(place, "{} of [config] must be a table: {} = {{ type = \"int\", default = 20 }}.", name, name);
    return {};
  }
  if (const auto why = refuse_name(name)) problems.add(place, "The config key \"{}\" {}.", name, *why);
  CheckedTable entry(*table, "config." + name, place, problems);
  const auto type_name = entry.required_string("type", "int");
  const auto type = config_type(type_name);
  if (!type) {
    if (!type_name.empty())
      problems.add(place, "config.{}: there is no type \"{}\"; there are int, float, bool and string.", name,
                   type_name);
    return {};
  }
  ConfigKey key{name, *type, entry.boolean("required"), {}, {}, {}, {}, place};
  if (*type == ConfigType::Int || *type == ConfigType::Float) {
    key.minimum = read_value(entry, "min", *type, type_name, problems);
    key.maximum = read_value(entry, "max", *type, type_name, problems);
  }
  if (*type == ConfigType::String) key.pattern = read_value(entry, "pattern", *type, type_name, problems);
  key.fallback = read_value(entry, "default", *type, type_name, problems);
  entry.refuse_unknown();

  if (key.required && key.fallback)
    problems.add(place, "config.{} is required and has a default; a required key has none.", name);
  if (!key.required && table->get("default") == nullptr)
    problems.add(place, "config.{} needs a default, or required = true.", name);
  check_bounds(key, problems);
  check_pattern(key, problems);
  return key;
}

}  // namespace shunt::manifest_compiler
