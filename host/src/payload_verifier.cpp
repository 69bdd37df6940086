#include "payload_verifier.hpp"

#include <shunt/schemas/limits.hpp>

#include <algorithm>

// NOLINTBEGIN(misc-no-recursion): it follows the payload, as deep as the verifier lets it
namespace shunt {
namespace {

using flatbuffers::Table;
using flatbuffers::uoffset_t;
using flatbuffers::Verifier;

/// One walk through a payload. FlatBuffers' own along a schema aborts where that has a vector of unions.
class Walk {
 public:
  Walk(const PayloadSchema& schema, std::span<const std::uint8_t> bytes)
      : schema_(schema), start_(bytes.data()), verifier_(bytes.data(), bytes.size(), limits()) {}

  bool root(const PayloadObject& type) {
    const auto offset = verifier_.VerifyOffset(0);
    return offset != 0 && table(start_ + offset, type);
  }

 private:
  struct Extent {
    std::size_t bytes = 0;
    std::size_t alignment = 0;
  };

  static Verifier::Options limits() {
    Verifier::Options options;
    options.max_depth = kVerifyDepthMax;
    options.max_tables = kVerifyTablesMax;
    return options;
  }

  [[nodiscard]] const PayloadObject& object(const std::string& name) const { return schema_.objects.at(name); }
  [[nodiscard]] std::size_t offset_of(const std::uint8_t* at) const { return static_cast<std::size_t>(at - start_); }
  /// Whether a value lies where it stands, as numbers and structs do, and is not led to by an offset.
  [[nodiscard]] bool is_direct(reflection::BaseType base, const FieldType& type) const {
    return is_scalar(base) || (base == reflection::Obj && object(type.refers).is_struct);
  }
  [[nodiscard]] Extent extent(reflection::BaseType base, const FieldType& type) const {
    if (base != reflection::Obj) return {scalar_bytes(base), scalar_bytes(base)};
    return {object(type.refers).bytes, object(type.refers).alignment};
  }
  [[nodiscard]] bool lies_within(std::size_t offset, Extent extent) const {
    return extent.alignment != 0 && verifier_.VerifyAlignment(offset, extent.alignment) &&
           verifier_.Verify(offset, extent.bytes);
  }
  [[nodiscard]] bool string(const std::uint8_t* at) const {
    return verifier_.VerifyString(reinterpret_cast<const flatbuffers::String*>(at));
  }

  bool table(const std::uint8_t* at, const PayloadObject& type) {
    if (!verifier_.VerifyTableStart(at)) return false;
    for (std::size_t id = 0; id < type.fields.size(); ++id)
      if (!field(at, type, id)) return false;
    return verifier_.EndTable();
  }

  bool field(const std::uint8_t* at, const PayloadObject& owner, std::size_t id) {
    const PayloadField& field = owner.fields[id];
    if (field.deprecated) return true;  // nobody has a way to read it
    const auto offset = reinterpret_cast<const Table*>(at)->GetOptionalFieldOffset(field_place(id));
    if (offset == 0) return !field.required;
    if (is_direct(field.type.base, field.type))
      return lies_within(offset_of(at) + offset, extent(field.type.base, field.type));
    const auto to = verifier_.VerifyOffset(at, offset);
    if (to == 0) return false;
    const std::uint8_t* const target = at + offset + to;
    switch (field.type.base) {
      case reflection::String: return string(target);
      case reflection::Obj: return table(target, object(field.type.refers));
      case reflection::Vector: return vector(target, at, owner, id);
      case reflection::Union: {
        const std::uint8_t* const chosen = which(at, owner, id, reflection::UType);
        return chosen != nullptr && lies_within(offset_of(chosen), {1, 1}) && member(field.type, *chosen, target);
      }
      default: return false;
    }
  }

  /// Where it stands which member a union is, or its elements are: in the field before it. Null: there is none.
  static const std::uint8_t* which(const std::uint8_t* at, const PayloadObject& owner, std::size_t id,
                                   reflection::BaseType base) {
    if (id == 0 || owner.fields[id - 1].type.base != base || inner_of(owner.fields[id - 1].type) != reflection::UType)
      return nullptr;
    const auto offset = reinterpret_cast<const Table*>(at)->GetOptionalFieldOffset(field_place(id - 1));
    return offset == 0 ? nullptr : at + offset;
  }

  bool member(const FieldType& type, std::uint8_t chosen, const std::uint8_t* at) {
    const auto& values = schema_.enums.at(type.refers).values;
    const auto value = std::ranges::find(values, std::int64_t{chosen}, &PayloadEnumValue::value);
    if (chosen == 0 || value == values.end()) return true;  // none, or of a later schema: nobody here reads it
    if (value->member.base == reflection::String) return string(at);
    if (value->member.base != reflection::Obj) return false;
    const PayloadObject& type_of_member = object(value->member.refers);
    if (!type_of_member.is_struct) return table(at, type_of_member);
    return lies_within(offset_of(at), extent(reflection::Obj, value->member));
  }

  bool vector(const std::uint8_t* at, const std::uint8_t* of_table, const PayloadObject& owner, std::size_t id) {
    const FieldType& type = owner.fields[id].type;
    const std::uint8_t* const first = at + sizeof(uoffset_t);
    if (is_direct(type.element, type)) {
      const Extent each = extent(type.element, type);
      return each.bytes != 0 && each.alignment != 0 && verifier_.VerifyVectorOrString(at, each.bytes) &&
             verifier_.VerifyAlignment(offset_of(first), each.alignment);
    }
    if (!verifier_.VerifyVectorOrString(at, sizeof(uoffset_t))) return false;
    const auto count = flatbuffers::ReadScalar<uoffset_t>(at);
    const std::uint8_t* choices = nullptr;
    if (type.element == reflection::Union && !choices_of(of_table, owner, id, count, choices)) return false;
    for (uoffset_t i = 0; i < count; ++i) {
      const std::uint8_t* const place = first + i * sizeof(uoffset_t);
      if (choices != nullptr && choices[i] == 0) continue;
      const auto to = verifier_.VerifyOffset(offset_of(place));
      if (to == 0 || !element(type, choices == nullptr ? std::uint8_t{0} : choices[i], place + to)) return false;
    }
    return true;
  }

  /// Of a vector of `count` unions: which member each is.
  bool choices_of(const std::uint8_t* at, const PayloadObject& owner, std::size_t id, uoffset_t count,
                  const std::uint8_t*& choices) const {
    const std::uint8_t* const types = which(at, owner, id, reflection::Vector);
    if (types == nullptr) return false;
    const auto to = verifier_.VerifyOffset(offset_of(types));
    if (to == 0 || !verifier_.VerifyVectorOrString(types + to, 1)) return false;
    choices = types + to + sizeof(uoffset_t);
    return flatbuffers::ReadScalar<uoffset_t>(types + to) == count;
  }

  bool element(const FieldType& type, std::uint8_t chosen, const std::uint8_t* at) {
    if (type.element == reflection::String) return string(at);
    if (type.element == reflection::Union) return member(type, chosen, at);
    return type.element == reflection::Obj && table(at, object(type.refers));
  }

  const PayloadSchema& schema_;
  const std::uint8_t* start_;
  Verifier verifier_;
};

}  // namespace

Result<PayloadVerifier> PayloadVerifier::of(std::span<const BinarySchema> schemas, const std::string& type) {
  SHUNT_TRY(schema, read_payload_schema(schemas, {type}));
  return PayloadVerifier{std::move(schema), type};
}

bool PayloadVerifier::accepts(std::span<const std::uint8_t> bytes) const {
  const PayloadObject& type = schema_.objects.at(type_);
  if (type.is_struct) return bytes.size() == type.bytes;
  using flatbuffers::soffset_t;  // the limits' macros say it without a namespace
  if (bytes.size() < FLATBUFFERS_MIN_BUFFER_SIZE || bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE) return false;
  return Walk{schema_, bytes}.root(type);
}

}  // namespace shunt
// NOLINTEND(misc-no-recursion)
