#pragma once
/// What payloads are made of, as plain values: read from the reflection schemas that a manifest carries.
///
///     SHUNT_TRY(schema, read_payload_schema(manifest.binary_schemas, {"market.Bar"}));
///     for (const PayloadField& field : schema.objects.at("market.Bar").fields) print(field.name);
///
/// The bytes are a plugin's word. FlatBuffers' Parser takes the ids, indices and sizes in them as they come: it writes
/// beside its memory where they are wrong, or aborts. So they are checked here, and it gets what was checked.

#include <shunt/schemas/manifest.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <flatbuffers/flatbuffers.h>
#include <flatbuffers/reflection_generated.h>

namespace shunt {

struct FieldType {
  reflection::BaseType base = reflection::None;
  reflection::BaseType element = reflection::None;  ///< Of a vector or an array.
  std::uint16_t length = 0;                         ///< Of an array.
  std::string refers{};                             ///< The table, struct, enum or union that it or its element is.
  friend bool operator==(const FieldType&, const FieldType&) = default;
};

struct PayloadField {
  std::string name;
  FieldType type;
  std::uint16_t offset = 0;  ///< Of a struct's: where it lies.
  std::int64_t default_integer = 0;
  std::uint64_t default_real = 0;  ///< Its bits: also what is not a number is equal to itself.
  bool optional = false;
  bool required = false;
  bool deprecated = false;
  bool key = false;
  friend bool operator==(const PayloadField&, const PayloadField&) = default;
};

/// A table or a struct.
struct PayloadObject {
  bool is_struct = false;
  std::uint32_t alignment = 1;       ///< Of a struct, as is `bytes`.
  std::uint32_t bytes = 0;           ///< With what fills it up to its alignment.
  std::vector<PayloadField> fields;  ///< By id.
  friend bool operator==(const PayloadObject&, const PayloadObject&) = default;
};

struct PayloadEnumValue {
  std::string name;
  std::int64_t value = 0;
  FieldType member{};  ///< Of a union.
  friend bool operator==(const PayloadEnumValue&, const PayloadEnumValue&) = default;
};

/// An enum or a union.
struct PayloadEnum {
  bool is_union = false;
  reflection::BaseType underlying = reflection::None;
  std::vector<PayloadEnumValue> values;
  friend bool operator==(const PayloadEnum&, const PayloadEnum&) = default;
};

/// By full name.
struct PayloadSchema {
  std::map<std::string, PayloadObject> objects;
  std::map<std::string, PayloadEnum> enums;
};

/// The tables and structs `roots`, each from the first of `files` that has it, and all that they refer to, however far.
/// Whatever the bytes, what it gives is consistent: every name in it is there, and every struct is laid out as
/// FlatBuffers does it. Errors: BadSchema (rebuild the plugin).
[[nodiscard]] Result<PayloadSchema> read_payload_schema(std::span<const BinarySchema> files,
                                                        const std::set<std::string>& roots);

[[nodiscard]] constexpr bool is_scalar(reflection::BaseType type) noexcept {
  return type >= reflection::UType && type <= reflection::Double;
}
[[nodiscard]] constexpr std::size_t scalar_bytes(reflection::BaseType type) noexcept {
  switch (type) {
    case reflection::Short:
    case reflection::UShort: return 2;
    case reflection::Int:
    case reflection::UInt:
    case reflection::Float: return 4;
    case reflection::Long:
    case reflection::ULong:
    case reflection::Double: return 8;
    default: return 1;
  }
}
/// Of a table's field, in its list of fields.
[[nodiscard]] constexpr flatbuffers::voffset_t field_place(std::size_t id) noexcept {
  return static_cast<flatbuffers::voffset_t>(4 + 2 * id);
}
[[nodiscard]] constexpr bool is_series(const FieldType& type) noexcept {
  return type.base == reflection::Vector || type.base == reflection::Array;
}
/// Of a vector's or an array's element, else of the field itself.
[[nodiscard]] constexpr reflection::BaseType inner_of(const FieldType& type) noexcept {
  return is_series(type) ? type.element : type.base;
}

}  // namespace shunt
