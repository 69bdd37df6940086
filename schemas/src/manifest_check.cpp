#include "setting_value.hpp"

#include <shunt/schemas/libraries.hpp>
#include <shunt/schemas/limits.hpp>
#include <shunt/schemas/manifest.hpp>
#include <shunt/schemas/names.hpp>
#include <shunt/schemas/pattern.hpp>
#include <shunt/schemas/plain_path.hpp>
#include <shunt/schemas/version_range.hpp>

#include <algorithm>

namespace shunt {
namespace {

constexpr std::size_t kPathBytesMax = 4096;

/// A name as it may be shown: it comes from a file that nobody trusts yet, and terminals obey control characters.
std::string shown(std::string_view name) {
  return fmt::format("{:?}{}", name.substr(0, kNameBytesMax), name.size() > kNameBytesMax ? "..." : "");
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

/// Counts, names and duplicates of one list.
template <typename Value>
Status check_list(std::string_view list, const std::vector<Value>& values, std::string Value::*name,
                  bool (*is_valid)(std::string_view) noexcept, std::string_view rule) {
  if (values.size() > kFunctionsMax)
    return error(ErrorCode::BadManifest, "{} {} declared, at most {} are possible; split the plugin", values.size(),
                 list, kFunctionsMax);
  std::vector<std::string_view> seen;
  for (const Value& value : values) {
    const std::string& text = value.*name;
    if (!is_valid(text)) return error(ErrorCode::BadManifest, "{} in {} is not a name; {}", shown(text), list, rule);
    seen.push_back(text);
  }
  std::ranges::sort(seen);
  if (const auto twice = std::ranges::adjacent_find(seen); twice != seen.end())
    return error(ErrorCode::BadManifest, "{} stands twice in {}; remove one", shown(*twice), list);
  return {};
}

Status check_type(const PayloadType& type, std::string_view user) {
  if (is_dotted_name(type.name)) return {};
  return error(ErrorCode::BadManifest, "{} names the type {}; a type is namespace.Table", shown(user),
               shown(type.name));
}

Status check_types(const Manifest& manifest) {
  for (const auto& [name, request, reply, idempotent] : manifest.functions) {
    SHUNT_CHECK(check_type(request, name));
    SHUNT_CHECK(check_type(reply, name));
  }
  for (const auto& [function, version, request, reply] : manifest.calls) {
    SHUNT_CHECK(check_type(request, function));
    SHUNT_CHECK(check_type(reply, function));
    if (!version.empty() && !VersionRange::parse(version))
      return error(ErrorCode::BadManifest, "the call {} has the version range {}; write one such as \"^1.2\"", function,
                   shown(version));
  }
  for (const auto* topics : {&manifest.topics_in, &manifest.topics_out})
    for (const DeclaredTopic& topic : *topics) {
      SHUNT_CHECK(check_type(topic.type, topic.name));
      if (!topic.last_will.empty() && !is_name(topic.last_will))
        return error(ErrorCode::BadManifest, "the topic {} has the last will {}; write a name", topic.name,
                     shown(topic.last_will));
    }
  return {};
}

Status check_config(const ConfigKey& key) {
  const auto refuse = [&](std::string_view why) {
    return error(ErrorCode::BadManifest, "config key {}: {}", shown(key.name), why);
  };
  if (key.type > ConfigType::String) return refuse("its type is none of int, float, bool and string");
  const bool is_number = key.type == ConfigType::Int || key.type == ConfigType::Float;
  if ((key.minimum || key.maximum) && !is_number) return refuse("only an int or a float has a min and a max");
  if (key.pattern && key.type != ConfigType::String) return refuse("only a string has a pattern");
  if (key.pattern && key.pattern->size() > kPatternBytesMax) return refuse("its pattern is above 256 bytes");
  if (key.required && key.default_value) return refuse("it is required, so its default would never be used");
  for (const auto* bound : {&key.minimum, &key.maximum})
    if (*bound && !check_value_type(key.type, **bound)) return refuse("its min or max is not a number of its type");
  if (key.minimum && key.maximum && is_below(key.type, *key.maximum, *key.minimum))
    return refuse("its min is above its max");
  // The default's pattern is left to check_setting: this manifest is not trusted yet, and expressions cost.
  if (key.default_value) {
    if (auto fits = check_value_range(key, *key.default_value); !fits)
      return refuse(fmt::format("its default does not fit: {}", fits.error().message));
  }
  return {};
}

Status check_texts(std::string_view list, const std::vector<std::string>& texts) {
  if (texts.size() > kFunctionsMax)
    return error(ErrorCode::BadManifest, "{} entries in {}, at most {} are possible", texts.size(), list,
                 kFunctionsMax);
  for (const std::string& text : texts)
    if (text.empty() || text.size() > kPathBytesMax || !is_printable(text))
      return error(ErrorCode::BadManifest, "{} has the entry {}; write 1 to {} printable ASCII characters", list,
                   shown(text), kPathBytesMax);
  return {};
}

Status check_state(const std::vector<DeclaredState>& state) {
  if (state.size() > kStateVersionsMax)
    return error(ErrorCode::BadManifest, "{} versions of state, at most {} are possible: leave out the oldest",
                 state.size(), kStateVersionsMax);
  std::uint32_t before = 0;
  for (const auto& [version, type] : state) {
    if (version <= before || version > kStateVersionMax)
      return error(ErrorCode::BadManifest, "state {} follows {}; numbers of 1 to {} are meant, each once, ascending",
                   version, before, kStateVersionMax);
    before = version;
    SHUNT_CHECK(check_type(type, fmt::format("state {}", version)));
  }
  return {};
}

bool is_file_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kPathBytesMax && is_printable(name);
}

Status check_libraries(const std::vector<ManifestLibrary>& libraries) {
  SHUNT_CHECK(check_list("libraries", libraries, &ManifestLibrary::name, is_library_name,
                         "write the library's SONAME, such as libindicators.so.2"));
  if (libraries.size() > kLibrariesMax)
    return error(ErrorCode::BadManifest, "{} libraries, at most {} are possible; link some of them statically",
                 libraries.size(), kLibrariesMax);
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  for (const ManifestLibrary& each : libraries)
    if (each.sha256.size() != 64 || !std::ranges::all_of(each.sha256, is_digit))
      return error(ErrorCode::BadManifest, "the library {} has the sha256 {}; 64 hex digits in lower case are meant",
                   each.name, shown(each.sha256));
  return {};
}

}  // namespace

Status check_read_path(std::string_view path) {
  const auto place = path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
  if (!is_plain_path(place))
    return error(ErrorCode::BadManifest,
                 "permissions.read has {}; an absolute path below the root is meant, without '.', '..' and '//'",
                 shown(path));
  for (const std::string_view made_up : {"/proc", "/sys", "/dev"})
    if (place == made_up || (place.starts_with(made_up) && place[made_up.size()] == '/'))
      return error(
          ErrorCode::BadManifest,
          "permissions.read has {}; what is there differs by who looks, and it is the warden that opens files: "
          "no plugin gets it",
          shown(path));
  return {};
}

Status check_manifest(const Manifest& manifest) {
  constexpr std::string_view kName = "write a letter, then letters, digits, '_' and '-', at most 120";
  constexpr std::string_view kDotted = "write names joined by '.', such as market.bars, at most 120 characters";
  if (!is_name(manifest.name))
    return error(ErrorCode::BadManifest, "{} is not a plugin's name; {}", shown(manifest.name), kName);
  SHUNT_CHECK(check_list("functions", manifest.functions, &DeclaredFunction::name, is_name, kName));
  SHUNT_CHECK(check_list("calls", manifest.calls, &DeclaredCall::function, is_function_route, "write plugin/function"));
  SHUNT_CHECK(check_list("topics.in", manifest.topics_in, &DeclaredTopic::name, is_dotted_name, kDotted));
  SHUNT_CHECK(check_list("topics.out", manifest.topics_out, &DeclaredTopic::name, is_dotted_name, kDotted));
  SHUNT_CHECK(check_list("config", manifest.config, &ConfigKey::name, is_name, kName));
  SHUNT_CHECK(check_list("schemas", manifest.binary_schemas, &BinarySchema::file, is_file_name, "write a file's name"));
  SHUNT_CHECK(check_libraries(manifest.libraries));
  SHUNT_CHECK(check_types(manifest));
  SHUNT_CHECK(check_state(manifest.state));
  for (const ConfigKey& key : manifest.config) SHUNT_CHECK(check_config(key));
  if (manifest.workers < 1 || manifest.workers > kWorkersMax)
    return error(ErrorCode::BadManifest, "serving.workers is {}; 1 to {} are possible", manifest.workers, kWorkersMax);
  if (manifest.in_flight_max < 1 || manifest.in_flight_max > kHandlersInFlightMax)
    return error(ErrorCode::BadManifest, "serving.in_flight_max is {}; 1 to {} are possible", manifest.in_flight_max,
                 kHandlersInFlightMax);
  SHUNT_CHECK(check_texts("permissions.read", manifest.permissions.read));
  for (const std::string& path : manifest.permissions.read) SHUNT_CHECK(check_read_path(path));
  return check_texts("permissions.syscalls", manifest.permissions.syscalls);
}

}  // namespace shunt
