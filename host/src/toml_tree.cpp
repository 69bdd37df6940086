#include "toml_tree.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include <toml++/toml.h>

namespace shunt {
namespace {

constexpr std::size_t kFileBytesMax = 4u << 20;
constexpr std::size_t kDepthMax = 200;

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

/// The first line in which keys and values stand inside each other more than kDepthMax deep; 0: none. toml++ bounds
/// brackets, but not the parts of a dotted key, and ends such a tree by as many nested calls.
std::size_t line_nested_too_deeply(std::string_view text) {
  std::vector<std::size_t> outer;  // the depth in front of each open bracket
  std::size_t line = 1;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (c == '"' || c == '\'') {
      while (++i < text.size() && text[i] != c && text[i] != '\n')
        if (c == '"' && text[i] == '\\') ++i;
      if (i < text.size() && text[i] == '\n') --i;  // a string of several lines: each is looked at by itself
    } else if (c == '\n' || c == ',') {
      line += c == '\n' ? 1 : 0;
      depth = outer.empty() ? 0 : outer.back();
    } else if (c == '[' || c == '{') {
      outer.push_back(++depth);
    } else if ((c == ']' || c == '}') && !outer.empty()) {
      outer.pop_back();
    } else if (c == '.') {
      ++depth;
    }
    if (depth > kDepthMax) return line;
  }
  return 0;
}

Result<std::string> read_text(const std::filesystem::path& path) {
  std::error_code code;
  if (!std::filesystem::is_regular_file(path, code))
    return error(ErrorCode::System, "{}: {}; give the path of a host.toml", path.string(),
                 code ? code.message() : "not a regular file");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return system_error(path.string());
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (text.size() > kFileBytesMax)
    return error(ErrorCode::BadConfiguration, "{}: {} bytes are too many for a host.toml", path.string(), text.size());
  if (const auto line = line_nested_too_deeply(text); line > 0)
    return error(ErrorCode::BadConfiguration, "{}:{}:1: keys inside each other, more than {} deep; write few dots",
                 path.string(), line, kDepthMax);
  return text;
}

}  // namespace

std::string_view TomlNode::kind() const {
  constexpr std::string_view kKinds[] = {"an integer", "a float", "a boolean", "a string", "an array", "a table"};
  return kKinds[value.index()];
}

Result<TomlNode> read_toml(const std::filesystem::path& path) {
  SHUNT_TRY(text, read_text(path));
  try {
    return convert(path.string(), toml::parse(text, path.string()));
  } catch (const toml::parse_error& problem) {
    return error(ErrorCode::BadConfiguration, "{}: {}", place_of(path.string(), problem.source()),
                 problem.description());
  }
}

}  // namespace shunt
