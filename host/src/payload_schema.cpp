#include "payload_schema.hpp"

#include "struct_layout.hpp"

#include <shunt/schemas/limits.hpp>

#include <algorithm>
#include <bit>

namespace shunt {
namespace {

constexpr std::size_t kTypeNameBytesMax = 512;  // a name is shown to people
constexpr std::size_t kFieldsMax = 32'765;      // a place in a vtable is a number of 16 bits

/// Identifiers joined by dots, as flatc takes them.
bool is_type_name(std::string_view name) noexcept {
  bool is_start = true;
  for (const char c : name) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool is_digit = c >= '0' && c <= '9';
    if (is_start ? !is_letter : !is_letter && !is_digit && c != '.') return false;
    is_start = c == '.';
  }
  return !is_start && name.size() <= kTypeNameBytesMax;
}

bool is_identifier(std::string_view name) noexcept { return is_type_name(name) && name.find('.') == name.npos; }

tl::unexpected<Error> refuse(std::string_view where, std::string_view what) {
  return error(ErrorCode::BadSchema, "{:?} {}", where.substr(0, kTypeNameBytesMax), what);
}

/// Its raw byte is asked for: an enum that holds a number it has no name for is undefined behaviour.
reflection::BaseType base_of(const reflection::Type& type, flatbuffers::voffset_t member) {
  const auto raw = reinterpret_cast<const flatbuffers::Table&>(type).GetField<std::uint8_t>(member, 0);
  return raw < reflection::MaxBaseType ? static_cast<reflection::BaseType>(raw) : reflection::MaxBaseType;
}

/// Follows the types of one file.
class Reader {
 public:
  Reader(const reflection::Schema& from, PayloadSchema& into) : from_(from), into_(into) {}

  Status read(std::uint32_t root) {
    SHUNT_TRY(name, object_at(root));
    while (!open_.empty()) {
      const reflection::Object& object = *open_.back();
      open_.pop_back();
      SHUNT_CHECK(read(object));
    }
    return {};
  }

 private:
  /// The name of a table or struct, which is read later.
  Result<std::string> object_at(std::uint32_t index) {
    if (index >= from_.objects()->size()) return refuse("a type", "is none of those that there are");
    const auto& object = *from_.objects()->Get(index);
    auto name = object.name()->str();
    if (!is_type_name(name)) return refuse(name, "is no name of a type");
    if (objects_seen_.insert(index).second) open_.push_back(&object);
    return name;
  }

  /// The name of an enum or union, which is read at once.
  Result<std::string> enum_at(std::uint32_t index, bool is_union) {
    if (index >= from_.enums()->size()) return refuse("an enum", "is none of those that there are");
    const auto& each = *from_.enums()->Get(index);
    auto name = each.name()->str();
    if (!is_type_name(name)) return refuse(name, "is no name of a type");
    if (each.is_union() != is_union) return refuse(name, "is used as an enum and is a union, or the other way round");
    if (enums_seen_.insert(index).second) SHUNT_CHECK(read(each));
    return name;
  }

  Result<FieldType> type_of(const reflection::Type& from) {
    FieldType type{base_of(from, reflection::Type::VT_BASE_TYPE), base_of(from, reflection::Type::VT_ELEMENT),
                   from.fixed_length()};
    const auto inner = inner_of(type);
    if ((!is_series(type) && type.element != reflection::None) || (type.base == reflection::Array) != (type.length > 0))
      return refuse("a type", "has an element or a length that does not belong to it");
    const auto index = static_cast<std::uint32_t>(from.index());
    const bool is_of_union = inner == reflection::Union || inner == reflection::UType;
    if (inner == reflection::Obj) {
      SHUNT_TRY(name, object_at(index));
      type.refers = std::move(name);
    } else if (is_of_union || (is_scalar(inner) && from.index() >= 0)) {
      SHUNT_TRY(name, enum_at(index, is_of_union));
      type.refers = std::move(name);
    } else if (!is_scalar(inner) && inner != reflection::String) {
      return refuse("a type", "is of no kind that there is");
    }
    return type;
  }

  Result<PayloadField> field_of(const reflection::Field& from, bool in_struct) {
    auto name = from.name()->str();
    if (!is_identifier(name)) return refuse(name, "is no name of a field");
    SHUNT_TRY(type, type_of(*from.type()));
    if (!in_struct && (type.base == reflection::Array || from.offset() != flatbuffers::FieldIndexToOffset(from.id())))
      return refuse(name, "is no field of a table");
    return PayloadField{.name = std::move(name),
                        .type = std::move(type),
                        .offset = from.offset(),
                        .default_integer = from.default_integer(),
                        .default_real = std::bit_cast<std::uint64_t>(from.default_real()),
                        .optional = from.optional(),
                        .required = from.required(),
                        .deprecated = from.deprecated(),
                        .key = from.key()};
  }

  Status read(const reflection::Object& from) {
    const auto name = from.name()->str();
    PayloadObject object{.is_struct = from.is_struct(), .fields = {}};
    if (object.is_struct) {
      object.alignment = static_cast<std::uint32_t>(from.minalign());
      object.bytes = static_cast<std::uint32_t>(from.bytesize());
    }
    if (from.fields()->size() > kFieldsMax) return refuse(name, "has more fields than FlatBuffers can count");
    object.fields.resize(from.fields()->size());
    std::set<std::string> names;
    for (const reflection::Field* each : *from.fields()) {
      if (each->id() >= object.fields.size() || !object.fields[each->id()].name.empty())
        return refuse(name, "has fields whose ids do not count up from 0");
      SHUNT_TRY(field, field_of(*each, object.is_struct));
      if (!names.insert(field.name).second) return refuse(name, "has two fields of one name");
      object.fields[each->id()] = std::move(field);
    }
    return add(into_.objects, name, std::move(object));
  }

  Status read(const reflection::Enum& from) {
    const auto name = from.name()->str();
    PayloadEnum result{from.is_union(), base_of(*from.underlying_type(), reflection::Type::VT_BASE_TYPE), {}};
    if (!is_scalar(result.underlying) || result.underlying >= reflection::Float)
      return refuse(name, "counts in something else than whole numbers");
    std::set<std::string> names;
    for (const reflection::EnumVal* each : *from.values()) {
      PayloadEnumValue value{each->name()->str(), each->value()};
      if (!is_identifier(value.name) || !names.insert(value.name).second)
        return refuse(name, "has a value without a name of its own");
      if (result.is_union) {
        SHUNT_TRY(member, member_of(name, each->union_type()));
        value.member = std::move(member);
      }
      result.values.push_back(std::move(value));
    }
    return add(into_.enums, name, std::move(result));
  }

  Result<FieldType> member_of(const std::string& of_union, const reflection::Type* from) {
    const auto base = from == nullptr ? reflection::None : base_of(*from, reflection::Type::VT_BASE_TYPE);
    if (base == reflection::None) return FieldType{};
    if (base == reflection::Obj || base == reflection::String) return type_of(*from);
    return refuse(of_union, "has a member that is no table, struct or string");
  }

  template <typename Type>
  Status add(std::map<std::string, Type>& types, const std::string& name, Type type) {
    const auto [there, is_new] = types.try_emplace(name, std::move(type));
    if (!is_new && there->second != type) return refuse(name, "is defined twice, and not alike");
    return {};
  }

  const reflection::Schema& from_;
  PayloadSchema& into_;
  std::set<std::uint32_t> objects_seen_;
  std::set<std::uint32_t> enums_seen_;
  std::vector<const reflection::Object*> open_;
};

/// Reads those of `roots` that the file has, and takes them out.
Status read_file(const BinarySchema& file, std::set<std::string>& roots, PayloadSchema& into) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(file.bytes.data());
  flatbuffers::Verifier verifier(bytes, file.bytes.size(), kVerifyDepthMax, kVerifyTablesMax);
  if (!reflection::VerifySchemaBuffer(verifier)) return refuse(file.file, "is no reflection schema");
  const reflection::Schema& schema = *reflection::GetSchema(bytes);
  Reader reader(schema, into);
  for (std::uint32_t i = 0; i < schema.objects()->size(); ++i) {
    if (roots.erase(schema.objects()->Get(i)->name()->str()) == 0) continue;
    SHUNT_CHECK(reader.read(i));
  }
  return {};
}

}  // namespace

Result<PayloadSchema> read_payload_schema(std::span<const BinarySchema> files, const std::set<std::string>& roots) {
  PayloadSchema schema;
  auto left = roots;
  for (const BinarySchema& file : files)
    if (const auto read = read_file(file, left, schema); !read)
      return error(ErrorCode::BadSchema, "its schema {:?} ({} bytes) cannot be read: {}; rebuild the plugin", file.file,
                   file.bytes.size(), read.error().message);
  if (!left.empty())
    return error(ErrorCode::BadSchema, "it carries no schema of {}; rebuild the plugin", *left.begin());
  for (const auto& [name, object] : schema.objects) {
    if (schema.enums.contains(name))
      return error(ErrorCode::BadSchema, "its type {} is a table and an enum; rebuild the plugin", name);
    if (object.is_struct && !is_laid_out(schema, object))
      return error(ErrorCode::BadSchema, "its struct {} is not laid out as FlatBuffers does it; rebuild the plugin",
                   name);
  }
  return schema;
}

}  // namespace shunt
