#include "schema_change.hpp"

#include "conformance.hpp"

#include <bit>
#include <map>

namespace shunt {
namespace {

std::string_view word_of(reflection::BaseType type) {
  switch (type) {
    case reflection::UType: return "utype";
    case reflection::Bool: return "bool";
    case reflection::Byte: return "byte";
    case reflection::UByte: return "ubyte";
    case reflection::Short: return "short";
    case reflection::UShort: return "ushort";
    case reflection::Int: return "int";
    case reflection::UInt: return "uint";
    case reflection::Long: return "long";
    case reflection::ULong: return "ulong";
    case reflection::Float: return "float";
    case reflection::Double: return "double";
    case reflection::String: return "string";
    default: return "nothing";
  }
}

/// As a schema spells it: "ulong", "market.Side", "[market.Bar]", "[float:3]".
std::string spelled(const FieldType& type) {
  const auto inner = inner_of(type);
  const bool is_named = !type.refers.empty() && inner != reflection::UType;
  std::string word{is_named ? std::string_view{type.refers} : word_of(inner)};
  if (type.base == reflection::Vector) return "[" + word + "]";
  if (type.base == reflection::Array) return fmt::format("[{}:{}]", word, type.length);
  return word;
}

/// All of a field that counts beside its place.
std::string spelled(const PayloadField& field) {
  std::string text = spelled(field.type);
  if (is_scalar(field.type.base)) {
    const bool is_real = field.type.base == reflection::Float || field.type.base == reflection::Double;
    if (field.optional) text += " = null";
    else if (is_real) text += fmt::format(" = {}", std::bit_cast<double>(field.default_real));
    else text += fmt::format(" = {}", field.default_integer);
  }
  if (field.required) text += " (required)";
  if (field.key) text += " (key)";
  if (field.deprecated) text += " (deprecated)";
  return text;
}

template <typename Item>
std::map<std::string_view, const Item*> by_name(const std::vector<Item>& items) {
  std::map<std::string_view, const Item*> result;
  for (const Item& each : items) result.emplace(each.name, &each);
  return result;
}

class Comparison {
 public:
  Comparison(const PayloadSchema& older, const PayloadSchema& newer) : older_(older), newer_(newer) {
    for (const auto& [name, object] : older.objects)
      if (const auto now = newer.objects.find(name); now != newer.objects.end()) compare(name, object, now->second);
    for (const auto& [name, each] : older.enums)
      if (const auto now = newer.enums.find(name); now != newer.enums.end()) compare(name, each, now->second);
  }

  [[nodiscard]] SchemaDifference result() const {
    const auto objection = conformance_objection(newer_, older_);
    if (!others_.empty()) {
      const auto words = objection.empty() ? "" : fmt::format(" (FlatBuffers: {})", objection);
      return {SchemaChange::Other, summary(others_) + words};
    }
    // A struct that is aligned otherwise moves its fields, and that is all that FlatBuffers can find here.
    if (!objection.empty() && aligned_.empty()) return {SchemaChange::Other, "FlatBuffers: " + objection};
    if (!aligned_.empty() && !appended_.empty())
      return {SchemaChange::Other, fmt::format("both {}, and {}", summary(appended_), summary(aligned_))};
    if (!aligned_.empty()) return {SchemaChange::Alignment, summary(aligned_)};
    if (!appended_.empty()) return {SchemaChange::Appended, summary(appended_)};
    return {};
  }

 private:
  using Lines = std::vector<std::string>;

  static std::string summary(const Lines& lines) {
    return lines.size() == 1 ? lines.front() : fmt::format("{}, and {} more", lines.front(), lines.size() - 1);
  }

  void compare(const std::string& name, const PayloadObject& was, const PayloadObject& is) {
    if (was.is_struct != is.is_struct) {
      others_.push_back(fmt::format("{} was a {} and is a {}", name, was.is_struct ? "struct" : "table",
                                    is.is_struct ? "struct" : "table"));
      return;
    }
    auto now = by_name(is.fields);
    for (std::size_t id = 0; id < was.fields.size(); ++id) {
      const auto found = now.find(was.fields[id].name);
      if (found == now.end()) others_.push_back(fmt::format("{}.{} was removed", name, was.fields[id].name));
      else if (const auto id_now = static_cast<std::size_t>(found->second - is.fields.data()); id != id_now)
        others_.push_back(fmt::format("the id of {}.{} was {} and is {}", name, found->first, id, id_now));
      else compare(name, was.fields[id], *found->second, is.is_struct);
      if (found != now.end()) now.erase(found);
    }
    for (const auto& [field_name, field] : now) add(name, *field, is.is_struct);
    if (was.alignment != is.alignment)
      aligned_.push_back(fmt::format("the alignment of {} was {} and is {}", name, was.alignment, is.alignment));
    else if (was.bytes != is.bytes)
      aligned_.push_back(fmt::format("{} had {} bytes and has {}", name, was.bytes, is.bytes));
  }

  void compare(const std::string& of, const PayloadField& was, const PayloadField& is, bool in_struct) {
    const auto before = spelled(was), now = spelled(is);
    if (before != now) others_.push_back(fmt::format("{}.{} was \"{}\" and is \"{}\"", of, was.name, before, now));
    else if (in_struct && was.offset != is.offset)
      aligned_.push_back(fmt::format("{}.{} was at byte {} and is at {}", of, was.name, was.offset, is.offset));
  }

  void add(const std::string& of, const PayloadField& field, bool to_struct) {
    if (to_struct) others_.push_back(fmt::format("{}.{} was added to a struct, which cannot grow", of, field.name));
    else if (field.required)
      others_.push_back(fmt::format("{}.{} was appended as required, which no old sender writes", of, field.name));
    else appended_.push_back(fmt::format("{}.{} was appended", of, field.name));
  }

  void compare(const std::string& name, const PayloadEnum& was, const PayloadEnum& is) {
    if (was.underlying != is.underlying)
      others_.push_back(fmt::format("{} was a {} and is a {}", name, word_of(was.underlying), word_of(is.underlying)));
    auto now = by_name(is.values);
    for (const PayloadEnumValue& each : was.values) {
      const auto found = now.find(each.name);
      if (found == now.end()) others_.push_back(fmt::format("{}.{} was removed", name, each.name));
      else compare(name, each, *found->second);
      if (found != now.end()) now.erase(found);
    }
    for (const auto& [value_name, value] : now)
      appended_.push_back(fmt::format("{}.{} was appended", name, value_name));
  }

  void compare(const std::string& of, const PayloadEnumValue& was, const PayloadEnumValue& is) {
    if (was.value != is.value)
      others_.push_back(fmt::format("{}.{} was {} and is {}", of, was.name, was.value, is.value));
    else if (was.member != is.member)
      others_.push_back(
          fmt::format("{}.{} was \"{}\" and is \"{}\"", of, was.name, spelled(was.member), spelled(is.member)));
  }

  const PayloadSchema& older_;
  const PayloadSchema& newer_;
  Lines others_;
  Lines aligned_;
  Lines appended_;
};

}  // namespace

SchemaDifference compare_schemas(const PayloadSchema& older, const PayloadSchema& newer) {
  return Comparison(older, newer).result();
}

}  // namespace shunt
