#include "toml_tree.hpp"

#include <shunt/schemas/toml_nesting.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include <toml++/toml.h>

namespace shunt {
namespace {

constexpr std::size_t kFileBytesMax = 4u << 20;

std::string place_of(const std::string& file, const toml::source_region& source) {
  return fmt::format("{}:{}:{}", file, source.begin.line, source.begin.column);
}

Result<TomlNode> convert(const std::string& file, const toml::node& from);

Result<TomlNode> convert(const std::string& file, const toml::table& from) {
  // toml++ sorts keys by name; people mean the order they wrote.
  std::vector<std::pair<const toml::key*, const toml::node*>> written;
  for (auto&& [key, value] : from) written.emplace_back(&key, &value);
  std::ranges::sort(written, {}, [](const auto& entry) {
    return std::pair(entry.first->source().begin.line, entry.first->source().begin.column);
  });
  TomlNode::Table entries;
  for (const auto& [key, value] : written) {
    SHUNT_TRY(node, convert(file, *value));
    entries.push_back({std::string(key->str()), place_of(file, key->source()), std::move(node)});
  }
  return TomlNode{place_of(file, from.source()), std::move(entries)};
}

Result<TomlNode> convert(const std::string& file, const toml::array& from) {
  TomlNode::Array nodes;
  for (auto&& value : from) {
    SHUNT_TRY(node, convert(file, value));
    nodes.push_back(std::move(node));
  }
  return TomlNode{place_of(file, from.source()), std::move(nodes)};
}

Result<TomlNode> convert(const std::string& file, const toml::node& from) {
  if (const auto* table = from.as_table()) return convert(file, *table);
  if (const auto* array = from.as_array()) return convert(file, *array);
  TomlNode node{place_of(file, from.source()), {}};
  if (const auto* integer = from.as_integer()) node.value = integer->get();
  else if (const auto* real = from.as_floating_point()) node.value = real->get();
  else if (const auto* boolean = from.as_boolean()) node.value = boolean->get();
  else if (const auto* text = from.as_string()) node.value = text->get();
  else return error(ErrorCode::BadConfiguration, "{}: a date or a time has no use here; put it in quotes", node.place);
  return node;
}

Result<std::string> read_text(const std::filesystem::path& path) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code))
    return error(ErrorCode::System, "{}: {}; give the path of a host.toml", path.string(),
                 code ? code.message() : "not a regular file");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return system_error(path.string());
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  return text;
}

}  // namespace

std::string_view TomlNode::kind() const {
  constexpr std::string_view kKinds[] = {"an integer", "a float", "a boolean", "a string", "an array", "a table"};
  return kKinds[value.index()];
}

Result<TomlNode> read_toml(const std::filesystem::path& path) {
  SHUNT_TRY(text, read_text(path));
  return parse_toml(text, path.string());
}

Result<TomlNode> parse_toml(std::string_view text, const std::string& name) {
  if (text.size() > kFileBytesMax)
    return error(ErrorCode::BadConfiguration, "{}: {} bytes are too many for such a file", name, text.size());
  if (const auto line = toml_line_nested_too_deeply(text); line > 0)
    return error(ErrorCode::BadConfiguration, "{}:{}:1: keys inside each other, more than {} deep; write few dots",
                 name, line, kTomlDepthMax);
  try {
    return convert(name, toml::parse(text, name));
  } catch (const toml::parse_error& problem) {
    return error(ErrorCode::BadConfiguration, "{}: {}", place_of(name, problem.source()), problem.description());
  }
}

}  // namespace shunt
