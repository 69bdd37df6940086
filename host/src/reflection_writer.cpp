#include "reflection_writer.hpp"

#include <bit>
#include <map>
#include <string_view>

namespace shunt {
namespace {

using flatbuffers::Offset;

class Writer {
 public:
  Writer(const PayloadSchema& schema, ReflectionUse use) : schema_(schema), use_(use) {
    for (const auto& [name, object] : schema.objects)
      objects_.emplace(name, static_cast<std::int32_t>(objects_.size()));
    for (const auto& [name, each] : schema.enums) enums_.emplace(name, static_cast<std::int32_t>(enums_.size()));
  }

  flatbuffers::DetachedBuffer write() {
    std::vector<Offset<reflection::Object>> objects;
    for (const auto& [name, object] : schema_.objects) objects.push_back(write(name, object));
    std::vector<Offset<reflection::Enum>> enums;
    for (const auto& [name, each] : schema_.enums) enums.push_back(write(name, each));
    const auto written_objects = build_.CreateVector(objects);
    const auto written_enums = build_.CreateVector(enums);
    reflection::FinishSchemaBuffer(build_, reflection::CreateSchema(build_, written_objects, written_enums));
    return build_.Release();
  }

 private:
  /// Of a layout, which enum a number is of is left out: FlatBuffers 2.0.8, as it compares, follows a null pointer
  /// where only one of two is of one. It looks at the enums' values all the same.
  [[nodiscard]] std::int32_t index_of(const FieldType& type) const {
    const auto inner = inner_of(type);
    if (inner == reflection::Obj) return objects_.at(type.refers);
    const bool is_of_union = inner == reflection::Union || inner == reflection::UType;
    if (is_of_union || (use_ == ReflectionUse::Text && !type.refers.empty())) return enums_.at(type.refers);
    return -1;
  }

  Offset<reflection::Type> write(const FieldType& type) {
    return reflection::CreateType(build_, type.base, type.element, index_of(type), type.length);
  }

  Offset<reflection::Object> write(const std::string& name, const PayloadObject& object) {
    std::vector<Offset<reflection::Field>> fields;
    for (const PayloadField& field : object.fields) {
      const auto type = write(field.type);
      const auto id = static_cast<std::uint16_t>(fields.size());
      // No more than it looks at: of two keys, for example, it would free one twice.
      const bool is_text = use_ == ReflectionUse::Text;
      fields.push_back(reflection::CreateField(build_, build_.CreateString(field.name), type, id, field.offset,
                                               field.default_integer, std::bit_cast<double>(field.default_real),
                                               is_text && field.deprecated, is_text && field.required, false, 0, 0,
                                               is_text && field.optional));
    }
    const auto written_name = build_.CreateString(name);
    return reflection::CreateObject(build_, written_name, build_.CreateVector(fields), object.is_struct,
                                    static_cast<std::int32_t>(object.alignment),
                                    static_cast<std::int32_t>(object.bytes));
  }

  Offset<reflection::Enum> write(const std::string& name, const PayloadEnum& from) {
    std::vector<Offset<reflection::EnumVal>> values;
    for (const PayloadEnumValue& each : from.values) {
      const auto member = write(each.member);
      values.push_back(reflection::CreateEnumVal(build_, build_.CreateString(each.name), each.value, member));
    }
    const auto underlying = reflection::CreateType(build_, from.underlying);
    const auto written_name = build_.CreateString(name);
    return reflection::CreateEnum(build_, written_name, build_.CreateVector(values), from.is_union, underlying);
  }

  const PayloadSchema& schema_;
  ReflectionUse use_;
  std::map<std::string_view, std::int32_t> objects_;  // their places in the schema that is written
  std::map<std::string_view, std::int32_t> enums_;
  flatbuffers::FlatBufferBuilder build_;
};

}  // namespace

flatbuffers::DetachedBuffer write_reflection(const PayloadSchema& schema, ReflectionUse use) {
  return Writer(schema, use).write();
}

}  // namespace shunt
