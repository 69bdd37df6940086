#include "schema_set.hpp"

#include "schema_hash.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include <flatbuffers/idl.h>
#include <flatbuffers/util.h>
#include <fmt/ranges.h>

namespace shunt::manifest_compiler {
namespace {

/// flatc says "file:line: column: error: text", and of an unknown type at the end of the file "text, originally at:
/// file:line"; people get "file:line: text".
std::string parser_problem(const std::string& said, const std::string& path) {
  constexpr std::string_view kMark = ": error: ";
  const auto mark = said.find(kMark);
  auto place = mark == std::string::npos ? path + ":1" : said.substr(0, mark);
  auto text = mark == std::string::npos ? said : said.substr(mark + kMark.size());
  constexpr std::string_view kOrigin = ", originally at: ";
  if (const auto origin = text.find(kOrigin); origin != std::string::npos) {
    place = text.substr(origin + kOrigin.size());
    text.resize(origin);
  }
  if (const auto column = place.rfind(": "); column != std::string::npos) place.resize(column);
  const auto start = place.find_first_not_of(" \n");
  return fmt::format("{}: The schema does not parse: {}.", place.substr(start == std::string::npos ? 0 : start), text);
}

}  // namespace

SchemaSet::SchemaSet() = default;
SchemaSet::~SchemaSet() = default;

void SchemaSet::load(const Declaration& declaration, const std::vector<std::string>& folders, Problems& problems) {
  std::vector<std::string> search{std::filesystem::path(declaration.file).parent_path().string()};
  if (search.front().empty()) search.front() = ".";
  search.insert(search.end(), folders.begin(), folders.end());
  for (const auto& schema : declaration.schemas) {
    const auto found = std::ranges::find_if(search, [&](const std::string& folder) {
      return std::filesystem::is_regular_file(std::filesystem::path(folder) / schema.file);
    });
    if (found == search.end())
      problems.add(schema.place, "There is no schema \"{}\"; looked in: {}.", schema.file, fmt::join(search, ", "));
    else parse(schema, (std::filesystem::path(*found) / schema.file).lexically_normal().string(), search, problems);
  }
}

void SchemaSet::parse(const Schema& schema, const std::string& path, const std::vector<std::string>& folders,
                      Problems& problems) {
  const auto name = std::filesystem::path(path).filename().string();
  if (std::ranges::any_of(files_, [&](const File& file) { return file.name == name; }))
    return problems.add(schema.place, "Two schemas are called \"{}\"; their headers would be one file.", name);
  std::string text;
  if (!flatbuffers::LoadFile(path.c_str(), false, &text))
    return problems.add(schema.place, "\"{}\" cannot be read.", path);

  flatbuffers::IDLOptions options;
  options.lang_to_generate = flatbuffers::IDLOptions::kCpp;
  // Paths in the binary schema are relative to this, so that it does not depend on where the checkout is.
  options.project_root = std::filesystem::path(path).parent_path().string();
  if (options.project_root.empty()) options.project_root = ".";
  File file{name, path, {}, {}, std::make_unique<flatbuffers::Parser>(options)};
  std::vector<const char*> include_paths;
  include_paths.reserve(folders.size() + 1);
  for (const auto& folder : folders) include_paths.push_back(folder.c_str());
  include_paths.push_back(nullptr);
  if (!file.parser->Parse(text.c_str(), include_paths.data(), path.c_str()))
    return problems.add_line(parser_problem(file.parser->error_, path));

  for (const auto& included : file.parser->GetIncludedFilesRecursive(path)) file.included.push_back(included);
  file.parser->Serialize();
  file.binary.assign(file.parser->builder_.GetBufferPointer(),
                     file.parser->builder_.GetBufferPointer() + file.parser->builder_.GetSize());
  files_.push_back(std::move(file));
}

const flatbuffers::StructDef* SchemaSet::find(const std::string& type) const {
  for (const auto& file : files_)
    if (const auto* definition = file.parser->LookupStruct(type)) return definition;
  return nullptr;
}

bool SchemaSet::has_type(const std::string& type) const { return find(type) != nullptr; }

bool SchemaSet::is_struct(const std::string& type) const {
  const auto* const definition = find(type);
  return definition != nullptr && definition->fixed;
}

SchemaHash SchemaSet::hash_of(const std::string& type, const Place& place, Problems& problems) const {
  if (type.empty()) return {};  // reported where it is missing
  const auto* definition = find(type);
  if (definition == nullptr) {
    problems.add(place, "No schema has a table or struct \"{}\"; there are: {}.", type, fmt::join(type_names(), ", "));
    return {};
  }
  if (const auto why = unfit_for_payload(*definition); !why.empty()) {
    problems.add(place, "{} {}.", type, why);
    return {};
  }
  return hash_of_text(canonical_text(*definition));
}

std::vector<std::string> SchemaSet::type_names() const {
  std::set<std::string> names;
  for (const auto& file : files_)
    for (const auto* definition : file.parser->structs_.vec)
      names.insert(definition->defined_namespace->GetFullyQualifiedName(definition->name));
  return {names.begin(), names.end()};
}

std::vector<std::string> SchemaSet::all_paths() const {
  std::set<std::string> paths;
  for (const auto& file : files_) {
    paths.insert(file.path);
    paths.insert(file.included.begin(), file.included.end());
  }
  return {paths.begin(), paths.end()};
}

}  // namespace shunt::manifest_compiler
