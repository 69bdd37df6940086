#include "payload_comparison.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

// NOLINTBEGIN(misc-no-recursion): it follows payloads that were verified, as deep as the verifier lets it
namespace shunt {
namespace {

using flatbuffers::String;
using flatbuffers::Table;
using flatbuffers::uoffset_t;

/// One walk through two payloads, side by side.
class SideBySide {
 public:
  explicit SideBySide(const PayloadSchema& schema) : schema_(schema) {}

  [[nodiscard]] bool table(const Table& one, const Table& another, const PayloadObject& type) const {
    for (std::size_t id = 0; id < type.fields.size(); ++id)
      if (!type.fields[id].deprecated && !field(one, another, type, id)) return false;
    return true;
  }

 private:
  [[nodiscard]] const PayloadObject& object(const std::string& name) const { return schema_.objects.at(name); }
  [[nodiscard]] bool is_struct(reflection::BaseType base, const FieldType& type) const {
    return base == reflection::Obj && object(type.refers).is_struct;
  }

  [[nodiscard]] bool field(const Table& one, const Table& another, const PayloadObject& owner, std::size_t id) const {
    const PayloadField& field = owner.fields[id];
    const std::uint8_t* const of_one = one.GetAddressOf(field_place(id));
    const std::uint8_t* const of_another = another.GetAddressOf(field_place(id));
    if (is_scalar(field.type.base)) return scalar(of_one, of_another, field);
    if (of_one == nullptr || of_another == nullptr) return of_one == of_another;
    if (is_struct(field.type.base, field.type))
      return std::memcmp(of_one, of_another, object(field.type.refers).bytes) == 0;
    const std::uint8_t* const to_one = target(of_one);
    const std::uint8_t* const to_another = target(of_another);
    switch (field.type.base) {
      case reflection::String: return string(to_one, to_another);
      case reflection::Obj: return table(as_table(to_one), as_table(to_another), object(field.type.refers));
      case reflection::Vector: return vector(one, another, owner, id);
      case reflection::Union:
        return choice(one, id) == choice(another, id) && member(field.type, choice(one, id), to_one, to_another);
      default: return true;
    }
  }

  static bool scalar(const std::uint8_t* one, const std::uint8_t* another, const PayloadField& field) {
    if (field.optional && (one == nullptr) != (another == nullptr)) return false;
    return bits_of(one, field) == bits_of(another, field);
  }
  static std::uint64_t bits_of(const std::uint8_t* at, const PayloadField& field) {
    std::uint64_t bits = 0;
    const std::size_t bytes = scalar_bytes(field.type.base);
    if (at != nullptr) return std::memcpy(&bits, at, bytes), bits;  // little-endian on every machine Shunt runs on
    if (field.type.base == reflection::Double) return field.default_real;
    if (field.type.base == reflection::Float)
      return std::bit_cast<std::uint32_t>(static_cast<float>(std::bit_cast<double>(field.default_real)));
    std::memcpy(&bits, &field.default_integer, bytes);
    return bits;
  }

  static const std::uint8_t* target(const std::uint8_t* at) { return at + flatbuffers::ReadScalar<uoffset_t>(at); }
  static const Table& as_table(const std::uint8_t* at) { return *reinterpret_cast<const Table*>(at); }
  static uoffset_t count_of(const std::uint8_t* vector) { return flatbuffers::ReadScalar<uoffset_t>(vector); }
  static bool string(const std::uint8_t* one, const std::uint8_t* another) {
    return reinterpret_cast<const String*>(one)->string_view() ==
           reinterpret_cast<const String*>(another)->string_view();
  }

  /// Which member a union is, by the field before it.
  static std::uint8_t choice(const Table& table, std::size_t id) {
    const std::uint8_t* const at = table.GetAddressOf(field_place(id - 1));
    return at == nullptr ? std::uint8_t{0} : *at;
  }
  /// The same of each of a vector's; null: it has not got so many.
  static const std::uint8_t* choices_of(const Table& table, std::size_t id, uoffset_t count) {
    const std::uint8_t* const at = table.GetAddressOf(field_place(id - 1));
    if (at == nullptr || count_of(target(at)) != count) return nullptr;
    return target(at) + sizeof(uoffset_t);
  }
  [[nodiscard]] bool member(const FieldType& type, std::uint8_t chosen, const std::uint8_t* one,
                            const std::uint8_t* another) const {
    const auto& values = schema_.enums.at(type.refers).values;
    const auto value = std::ranges::find(values, std::int64_t{chosen}, &PayloadEnumValue::value);
    if (chosen == 0 || value == values.end()) return true;
    if (value->member.base == reflection::String) return string(one, another);
    const PayloadObject& type_of_member = object(value->member.refers);
    return type_of_member.is_struct ? std::memcmp(one, another, type_of_member.bytes) == 0
                                    : table(as_table(one), as_table(another), type_of_member);
  }

  [[nodiscard]] bool vector(const Table& of_one, const Table& of_another, const PayloadObject& owner,
                            std::size_t id) const {
    const FieldType& type = owner.fields[id].type;
    const std::uint8_t* const one = target(of_one.GetAddressOf(field_place(id)));
    const std::uint8_t* const another = target(of_another.GetAddressOf(field_place(id)));
    const uoffset_t count = count_of(one);
    if (count != count_of(another)) return false;
    const std::uint8_t* const first = one + sizeof(uoffset_t);
    const std::uint8_t* const other_first = another + sizeof(uoffset_t);
    if (is_scalar(type.element) || is_struct(type.element, type)) {
      const std::size_t each = is_scalar(type.element) ? scalar_bytes(type.element) : object(type.refers).bytes;
      return std::memcmp(first, other_first, count * each) == 0;
    }
    const std::uint8_t* choices = nullptr;
    if (type.element == reflection::Union) {
      choices = choices_of(of_one, id, count);
      const std::uint8_t* const other_choices = choices_of(of_another, id, count);
      if (choices == nullptr || other_choices == nullptr || std::memcmp(choices, other_choices, count) != 0)
        return false;
    }
    for (uoffset_t i = 0; i < count; ++i) {
      if (choices != nullptr && choices[i] == 0) continue;
      const std::uint8_t* const to_one = target(first + i * sizeof(uoffset_t));
      const std::uint8_t* const to_another = target(other_first + i * sizeof(uoffset_t));
      const bool same = type.element == reflection::String ? string(to_one, to_another)
                        : choices != nullptr               ? member(type, choices[i], to_one, to_another)
                                             : table(as_table(to_one), as_table(to_another), object(type.refers));
      if (!same) return false;
    }
    return true;
  }

  const PayloadSchema& schema_;
};

}  // namespace

Result<PayloadComparison> PayloadComparison::of(std::span<const BinarySchema> schemas, const std::string& type) {
  SHUNT_TRY(schema, read_payload_schema(schemas, {type}));
  SHUNT_TRY(verifier, PayloadVerifier::of(schemas, type));
  return PayloadComparison{std::move(schema), type, std::move(verifier)};
}

bool PayloadComparison::same(std::span<const std::uint8_t> one, std::span<const std::uint8_t> another) const {
  if (!verifier_.accepts(one) || !verifier_.accepts(another)) return false;
  const PayloadObject& type = schema_.objects.at(type_);
  if (type.is_struct) return std::ranges::equal(one, another);
  return SideBySide{schema_}.table(*flatbuffers::GetRoot<Table>(one.data()),
                                   *flatbuffers::GetRoot<Table>(another.data()), type);
}

}  // namespace shunt
// NOLINTEND(misc-no-recursion)
