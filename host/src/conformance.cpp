#include "conformance.hpp"

#include <bit>

#include <flatbuffers/idl.h>

namespace shunt {
namespace {

using flatbuffers::Offset;

/// Writes a reflection schema of exactly these types, for FlatBuffers to read: it judges every type of a schema, and
/// only those count that payloads refer to.
class Writer {
 public:
  explicit Writer(const PayloadSchema& schema) : schema_(schema) {
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
  /// Which enum a number is of is left out: FlatBuffers 2.0.8 follows a null pointer where only one of two is of one.
  /// It looks at the enums' values all the same.
  [[nodiscard]] std::int32_t index_of(const FieldType& type) const {
    const auto inner = inner_of(type);
    if (inner == reflection::Obj) return objects_.at(type.refers);
    if (inner == reflection::Union || inner == reflection::UType) return enums_.at(type.refers);
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
      fields.push_back(reflection::CreateField(build_, build_.CreateString(field.name), type, id, field.offset,
                                               field.default_integer, std::bit_cast<double>(field.default_real)));
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
  std::map<std::string_view, std::int32_t> objects_;  // their places in the schema that is written
  std::map<std::string_view, std::int32_t> enums_;
  flatbuffers::FlatBufferBuilder build_;
};

bool read(const PayloadSchema& schema, flatbuffers::Parser& parser) {
  const auto bytes = Writer(schema).write();
  return parser.Deserialize(bytes.data(), bytes.size());
}

}  // namespace

flatbuffers::DetachedBuffer reflection_of(const PayloadSchema& schema) { return Writer(schema).write(); }

std::string conformance_objection(const PayloadSchema& newer, const PayloadSchema& older) {
  flatbuffers::Parser newer_parser;
  flatbuffers::Parser older_parser;
  if (!read(newer, newer_parser) || !read(older, older_parser)) return "it does not read one of the schemas";
  return newer_parser.ConformTo(older_parser);
}

}  // namespace shunt
