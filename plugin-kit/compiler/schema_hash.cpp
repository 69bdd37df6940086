#include "schema_hash.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <vector>

#include <flatbuffers/idl.h>
#include <fmt/format.h>
#include <sodium.h>

namespace shunt::manifest_compiler {
namespace {

std::string full_name(const flatbuffers::Definition& definition) {
  return definition.defined_namespace->GetFullyQualifiedName(definition.name);
}

/// Everything a root refers to, itself included, by name.
struct Reachable {
  std::map<std::string, const flatbuffers::StructDef*> structs;
  std::map<std::string, const flatbuffers::EnumDef*> enums;

  explicit Reachable(const flatbuffers::StructDef& root) {
    std::vector<const flatbuffers::StructDef*> open{&root};
    while (!open.empty()) {
      const auto* definition = open.back();
      open.pop_back();
      if (!structs.emplace(full_name(*definition), definition).second) continue;
      for (const auto* field : definition->fields.vec) add(field->value.type, open);
    }
  }

 private:
  void add(const flatbuffers::Type& type, std::vector<const flatbuffers::StructDef*>& open) {
    if (type.struct_def != nullptr) open.push_back(type.struct_def);
    if (type.enum_def == nullptr || !enums.emplace(full_name(*type.enum_def), type.enum_def).second) return;
    for (const auto* value : type.enum_def->Vals()) add(value->union_type, open);
  }
};

std::string type_text(const flatbuffers::Type& type) {
  if (type.base_type == flatbuffers::BASE_TYPE_VECTOR) return "[" + type_text(type.VectorType()) + "]";
  if (type.base_type == flatbuffers::BASE_TYPE_ARRAY)
    return fmt::format("[{}:{}]", type_text(type.VectorType()), type.fixed_length);
  if (type.base_type == flatbuffers::BASE_TYPE_UTYPE) return "utype";
  if (type.struct_def != nullptr) return full_name(*type.struct_def);
  if (type.enum_def != nullptr) return full_name(*type.enum_def);
  return flatbuffers::kTypeNames[type.base_type];
}

/// A scalar's default in one spelling: 1.50 and 1.5e0 are the same, as are true and 1.
std::string default_text(const flatbuffers::FieldDef& field) {
  const auto& constant = field.value.constant;
  if (field.IsScalarOptional() || constant == "null") return " = null";
  const auto type = field.value.type.base_type;
  if (!flatbuffers::IsScalar(type)) return "";
  if (flatbuffers::IsFloat(type)) return fmt::format(" = {:.17g}", std::strtod(constant.c_str(), nullptr));
  if (constant == "true") return " = 1";
  if (constant == "false") return " = 0";
  if (type == flatbuffers::BASE_TYPE_ULONG) return fmt::format(" = {}", std::strtoull(constant.c_str(), nullptr, 10));
  return fmt::format(" = {}", std::strtoll(constant.c_str(), nullptr, 10));
}

std::string field_line(const flatbuffers::StructDef& owner, const flatbuffers::FieldDef& field) {
  // A table stores the place in its vtable, after two lengths of two bytes each.
  const auto number = owner.fixed ? field.value.offset : (field.value.offset - 4) / 2;
  auto line = fmt::format("{} {} {}", number, field.name, type_text(field.value.type));
  if (!owner.fixed) line += default_text(field);
  if (field.IsRequired()) line += " required";
  if (field.deprecated) line += " deprecated";
  if (field.key) line += " key";
  return line + "\n";
}

std::string struct_text(const flatbuffers::StructDef& definition) {
  auto text = definition.fixed
                  ? fmt::format("struct {} {} {}\n", full_name(definition), definition.bytesize, definition.minalign)
                  : fmt::format("table {}\n", full_name(definition));
  auto fields = definition.fields.vec;
  std::ranges::sort(fields, {}, [](const auto* field) { return field->value.offset; });
  for (const auto* field : fields) text += field_line(definition, *field);
  return text;
}

std::string enum_text(const flatbuffers::EnumDef& definition) {
  auto text = definition.is_union ? fmt::format("union {}\n", full_name(definition))
                                  : fmt::format("enum {} {}\n", full_name(definition),
                                                flatbuffers::kTypeNames[definition.underlying_type.base_type]);
  for (const auto* value : definition.Vals()) {  // the parser keeps them in ascending order
    text += fmt::format("{} {}", definition.ToString(*value), value->name);
    if (definition.is_union && value->union_type.base_type != flatbuffers::BASE_TYPE_NONE)
      text += " " + type_text(value->union_type);
    text += "\n";
  }
  return text;
}

}  // namespace

std::string canonical_text(const flatbuffers::StructDef& root) {
  const Reachable reachable(root);
  std::map<std::string, std::string> others;
  for (const auto& [name, definition] : reachable.structs)
    if (definition != &root) others.emplace(name, struct_text(*definition));
  for (const auto& [name, definition] : reachable.enums) others.emplace(name, enum_text(*definition));
  auto text = struct_text(root);
  for (const auto& [name, lines] : others) text += lines;
  return text;
}

SchemaHash hash_of_text(const std::string& canonical) {
  unsigned char digest[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(digest, reinterpret_cast<const unsigned char*>(canonical.data()), canonical.size());
  SchemaHash hash;
  for (int i = 0; i < 8; ++i) hash.value = hash.value << 8 | digest[i];
  return hash;
}

std::string unfit_for_payload(const flatbuffers::StructDef& root) {
  constexpr std::size_t kAlignmentMax = 8;  // what a chunk and a ring slot promise
  for (const auto& [name, definition] : Reachable(root).structs) {
    if (definition->minalign > kAlignmentMax)
      return fmt::format("refers to {}, aligned to {}; payloads are aligned to 8 bytes", name, definition->minalign);
    for (const auto* field : definition->fields.vec) {
      if (field->flexbuffer)
        return fmt::format("has {}.{}, a FlexBuffer, whose verifier does not withstand hostile bytes", name,
                           field->name);
      if (field->nested_flatbuffer != nullptr)
        return fmt::format("has {}.{}, a nested FlatBuffer, whose depth no limit holds", name, field->name);
    }
  }
  return "";
}

}  // namespace shunt::manifest_compiler
