#include "json_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>

#include <flatbuffers/idl.h>
#include <flatbuffers/reflection.h>

namespace shunt::tool {
namespace {

namespace fb = flatbuffers;
using Bytes = const std::uint8_t*;

/// Calls `use` with a zero of a scalar's type. False: `type` is no scalar, or `use` said so.
template <typename Use>
bool with_scalar(fb::BaseType type, Use&& use) {
  switch (type) {
    case fb::BASE_TYPE_UTYPE:
    case fb::BASE_TYPE_BOOL:
    case fb::BASE_TYPE_UCHAR: return use(std::uint8_t{});
    case fb::BASE_TYPE_CHAR: return use(std::int8_t{});
    case fb::BASE_TYPE_SHORT: return use(std::int16_t{});
    case fb::BASE_TYPE_USHORT: return use(std::uint16_t{});
    case fb::BASE_TYPE_INT: return use(std::int32_t{});
    case fb::BASE_TYPE_UINT: return use(std::uint32_t{});
    case fb::BASE_TYPE_LONG: return use(std::int64_t{});
    case fb::BASE_TYPE_ULONG: return use(std::uint64_t{});
    case fb::BASE_TYPE_FLOAT: return use(float{});
    case fb::BASE_TYPE_DOUBLE: return use(double{});
    default: return false;
  }
}

Bytes follow(Bytes at) { return at + fb::ReadScalar<fb::uoffset_t>(at); }

/// The members' types of a vector of unions, or of the one union that a field is; none elsewhere.
struct UnionTypes {
  Bytes first = nullptr;
  std::size_t count = 0;
};

class Writer {
 public:
  explicit Writer(std::string& text) : text_(text) {}

  bool object(const fb::StructDef& type, Bytes object) {
    text_ += '{';
    bool is_first = true;
    for (const fb::FieldDef* field : type.fields.vec) {
      const Bytes at = place_of(type, *field, object);
      if (at == nullptr && (!fb::IsScalar(field->value.type.base_type) || field->deprecated)) continue;
      if (!std::exchange(is_first, false)) text_ += ',';
      text_.append("\"").append(field->name).append("\": ");
      const bool is_written =
          at == nullptr ? absent(*field) : value(field->value.type, at, union_types(type, *field, object));
      if (!is_written) return false;
    }
    text_ += '}';
    return true;
  }

 private:
  /// Of a field in its object; null: it is not there.
  static Bytes place_of(const fb::StructDef& type, const fb::FieldDef& field, Bytes object) {
    if (type.fixed) return object + field.value.offset;
    return reinterpret_cast<const fb::Table*>(object)->GetAddressOf(field.value.offset);
  }

  static UnionTypes union_types(const fb::StructDef& type, const fb::FieldDef& field, Bytes object) {
    const fb::Type& of = field.value.type;
    if (of.base_type != fb::BASE_TYPE_UNION && of.element != fb::BASE_TYPE_UNION) return {};
    const fb::FieldDef* const types = type.fields.Lookup(field.name + fb::UnionTypeFieldSuffix());
    const Bytes at = types == nullptr ? nullptr : place_of(type, *types, object);
    if (at == nullptr) return {};
    if (of.base_type == fb::BASE_TYPE_UNION) return {at, 1};
    const Bytes vector = follow(at);
    return {vector + sizeof(fb::uoffset_t), fb::ReadScalar<fb::uoffset_t>(vector)};
  }

  /// A scalar that is not there: its default, or null when it is optional.
  bool absent(const fb::FieldDef& field) {
    if (field.IsOptional()) return text_.append("null"), true;
    return with_scalar(field.value.type.base_type, [&]<typename Scalar>(Scalar fallback) {
      return fb::StringToNumber(field.value.constant.c_str(), &fallback) && scalar(field.value.type, fallback);
    });
  }

  /// What stands at `at` itself, or where the offset there leads.
  bool value(const fb::Type& type, Bytes at, UnionTypes types) {
    switch (type.base_type) {
      case fb::BASE_TYPE_STRUCT: return object(*type.struct_def, type.struct_def->fixed ? at : follow(at));
      case fb::BASE_TYPE_STRING: return string(follow(at));
      case fb::BASE_TYPE_UNION: return types.count == 1 && member(type, follow(at), *types.first);
      case fb::BASE_TYPE_ARRAY: return elements(type.VectorType(), type.fixed_length, at, {});
      case fb::BASE_TYPE_VECTOR: {
        const Bytes vector = follow(at);
        const auto count = fb::ReadScalar<fb::uoffset_t>(vector);
        return elements(type.VectorType(), count, vector + sizeof(fb::uoffset_t), types);
      }
      default:
        return with_scalar(type.base_type,
                           [&]<typename Scalar>(Scalar) { return scalar(type, fb::ReadScalar<Scalar>(at)); });
    }
  }

  bool elements(const fb::Type& type, std::size_t count, Bytes first, UnionTypes types) {
    const std::size_t stride = fb::InlineSize(type);
    text_ += '[';
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) text_ += ',';
      if (!value(type, first + i * stride, i < types.count ? UnionTypes{types.first + i, 1} : UnionTypes{}))
        return false;
    }
    text_ += ']';
    return true;
  }

  /// A union's value: unlike elsewhere, also a struct is led to by an offset.
  bool member(const fb::Type& type, Bytes place, std::uint8_t which) {
    const fb::EnumVal* const chosen = type.enum_def->ReverseLookup(which, true);
    if (chosen == nullptr) return false;
    if (chosen->union_type.base_type == fb::BASE_TYPE_STRING) return string(place);
    return chosen->union_type.base_type == fb::BASE_TYPE_STRUCT && object(*chosen->union_type.struct_def, place);
  }

  bool string(Bytes place) {
    const auto* const string = reinterpret_cast<const fb::String*>(place);
    return fb::EscapeString(string->c_str(), string->size(), &text_, false, false);
  }

  template <typename Scalar>
  bool scalar(const fb::Type& type, Scalar value) {
    if (type.base_type == fb::BASE_TYPE_BOOL) text_ += value != 0 ? "true" : "false";
    else if (type.enum_def == nullptr || !names(*type.enum_def, static_cast<std::int64_t>(value))) number(value);
    return true;
  }

  /// The name of an enum's value, or of all its flags. False, and nothing is written: it has none.
  bool names(const fb::EnumDef& type, std::int64_t value) {
    std::string all;
    std::uint64_t left = static_cast<std::uint64_t>(value);
    if (const fb::EnumVal* const one = type.ReverseLookup(value)) {
      all = one->name;
      left = 0;
    } else if (type.attributes.Lookup("bit_flags") != nullptr) {
      for (const fb::EnumVal* each : type.Vals()) {
        if ((each->GetAsUInt64() & static_cast<std::uint64_t>(value)) == 0) continue;
        all.append(all.empty() ? "" : " ").append(each->name);
        left &= ~each->GetAsUInt64();
      }
    }
    if (all.empty() || left != 0) return false;
    text_.append("\"").append(all).append("\"");
    return true;
  }

  void number(std::integral auto value) { text_ += std::to_string(value); }

  /// As few digits as read back as the same number, and never without a sign that it is no whole number.
  template <std::floating_point Real>
  void number(Real value) {
    constexpr auto kPlainMin = static_cast<Real>(1e-6);  // beyond these, the exponent is easier to read than the zeros
    constexpr auto kPlainMax = static_cast<Real>(1e16);
    if (std::isnan(value)) return text_.append("\"nan\""), void();
    if (std::isinf(value)) return text_.append(value < 0 ? "\"-inf\"" : "\"inf\""), void();
    const Real size = std::abs(value);
    const bool is_plain = size == 0 || (size >= kPlainMin && size < kPlainMax);
    std::array<char, 64> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), value,
                                   is_plain ? std::chars_format::fixed : std::chars_format::scientific);
    const std::string_view written{digits.data(), end.ptr};
    text_.append(written).append(written.find_first_of(".e") == std::string_view::npos ? ".0" : "");
  }

  std::string& text_;
};

}  // namespace

bool write_json(const flatbuffers::StructDef& type, const std::uint8_t* bytes, std::string& text) {
  return Writer{text}.object(type, type.fixed ? bytes : follow(bytes));
}

}  // namespace shunt::tool
