#include "toml_fields.hpp"

#include "units.hpp"

#include <shunt/schemas/nearest.hpp>

#include <algorithm>
#include <limits>

namespace shunt {
namespace {

/// Positions of the types in TomlNode::value.
constexpr std::size_t kBoolean = 2, kString = 3, kArray = 4, kTable = 5;

}  // namespace

TomlFields::TomlFields(const TomlNode& node, std::string title, std::string member, TomlPlaces& places)
    : node_(node), title_(std::move(title)), member_(std::move(member)), places_(places) {
  places_.emplace(member_, node.place);
  if (node_.table() == nullptr)
    complain(error(ErrorCode::BadConfiguration, "{}: {} is {}; a table is meant", node_.place, title_, node_.kind()));
}

const TomlEntry* TomlFields::find(std::string_view key) {
  asked_.push_back(key);
  if (node_.table() == nullptr) return nullptr;
  const auto entry = std::ranges::find(*node_.table(), key, &TomlEntry::key);
  if (entry == node_.table()->end()) return nullptr;
  places_.emplace(fmt::format("{}.{}", member_, key), entry->node.place);
  return &*entry;
}

void TomlFields::complain(Status inner) {
  if (status_ && !inner) status_ = std::move(inner);
}

void TomlFields::complain_type(const TomlEntry& entry, std::string_view what) {
  complain(error(ErrorCode::BadConfiguration, "{}: {} is {}; {} is meant", entry.node.place, entry.key,
                 entry.node.kind(), what));
}

const TomlNode* TomlFields::wanted(std::string_view key, std::string_view what, std::size_t kind) {
  const TomlEntry* const entry = find(key);
  if (entry == nullptr) return nullptr;
  if (entry->node.value.index() == kind) return &entry->node;
  complain_type(*entry, what);
  return nullptr;
}

void TomlFields::text(std::string_view key, std::string& member) {
  if (const auto* node = wanted(key, "a string", kString)) member = std::get<std::string>(node->value);
}

void TomlFields::flag(std::string_view key, bool& member) {
  if (const auto* node = wanted(key, "true or false", kBoolean)) member = std::get<bool>(node->value);
}

void TomlFields::count(std::string_view key, std::uint32_t& member) {
  const TomlEntry* const entry = find(key);
  if (entry == nullptr) return;
  const auto* const number = std::get_if<std::int64_t>(&entry->node.value);
  if (number == nullptr) return complain_type(*entry, "a whole number");
  if (*number < 0 || *number > std::numeric_limits<std::uint32_t>::max())
    return complain(error(ErrorCode::BadConfiguration, "{}: {} is {}; a whole number from 0 to {} is meant",
                          entry->node.place, key, *number, std::numeric_limits<std::uint32_t>::max()));
  member = static_cast<std::uint32_t>(*number);
}

void TomlFields::number(std::string_view key, std::int32_t& member) {
  const TomlEntry* const entry = find(key);
  if (entry == nullptr) return;
  const auto* const value = std::get_if<std::int64_t>(&entry->node.value);
  if (value == nullptr) return complain_type(*entry, "a whole number");
  constexpr std::numeric_limits<std::int32_t> kRange;
  if (*value < kRange.min() || *value > kRange.max())
    return complain(error(ErrorCode::BadConfiguration, "{}: {} is {}; a whole number from {} to {} is meant",
                          entry->node.place, key, *value, kRange.min(), kRange.max()));
  member = static_cast<std::int32_t>(*value);
}

void TomlFields::bytes(std::string_view key, std::uint64_t& member) {
  const auto* const node = wanted(key, "a size with its unit, such as \"128 MiB\",", kString);
  if (node == nullptr) return;
  const auto value = parse_bytes(std::get<std::string>(node->value));
  if (value) member = *value;
  else complain(error(ErrorCode::BadConfiguration, "{}: {}: {}", node->place, key, value.error().message));
}

void TomlFields::duration(std::string_view key, std::chrono::nanoseconds& member) {
  const auto* const node = wanted(key, "a duration with its unit, such as \"2 ms\",", kString);
  if (node == nullptr) return;
  const auto value = parse_duration(std::get<std::string>(node->value));
  if (value) member = *value;
  else complain(error(ErrorCode::BadConfiguration, "{}: {}: {}", node->place, key, value.error().message));
}

void TomlFields::texts(std::string_view key, std::map<std::string, std::string, std::less<>>& member) {
  const auto* const node = wanted(key, "a table", kTable);
  if (node == nullptr) return;
  for (const TomlEntry& entry : *node->table()) {
    const auto* const text = std::get_if<std::string>(&entry.node.value);
    if (text == nullptr)
      return complain(error(ErrorCode::BadConfiguration, "{}: {}.{} is {}; a string is meant", entry.node.place, key,
                            entry.key, entry.node.kind()));
    member[entry.key] = *text;
  }
}

std::optional<std::size_t> TomlFields::choice_index(std::string_view key, const std::vector<std::string_view>& words) {
  const auto what = fmt::format("one of \"{}\"", fmt::join(words, "\", \""));
  const auto* const node = wanted(key, what, kString);
  if (node == nullptr) return {};
  const auto& word = std::get<std::string>(node->value);
  const auto found = std::ranges::find(words, word);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  complain(error(ErrorCode::BadConfiguration, "{}: {} is {:?}; {} is meant", node->place, key, word, what));
  return {};
}

const TomlNode* TomlFields::table(std::string_view key) { return wanted(key, "a table", kTable); }

const TomlNode* TomlFields::array(std::string_view key, std::string_view what) { return wanted(key, what, kArray); }

Status TomlFields::finish() {
  if (!status_ || node_.table() == nullptr) return status_;
  for (const TomlEntry& entry : *node_.table())
    if (std::ranges::find(asked_, entry.key) == asked_.end())
      return error(ErrorCode::BadConfiguration, "{}: unknown key {:?} in {}; {}", entry.place, entry.key, title_,
                   suggestion(entry.key, asked_));
  return {};
}

}  // namespace shunt
