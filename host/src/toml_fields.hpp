#pragma once
/// Reads the keys of one TOML table into members, keeps the first complaint, and refuses keys nobody asked for.
///
///     TomlFields fields(node, "[host]", "host", places);
///     fields.text("name", host.name);
///     fields.flag("allow_unsigned", host.allow_unsigned);
///     SHUNT_CHECK(fields.finish());

#include "toml_tree.hpp"

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace shunt {

/// Where the value of each member stands, by the member's name as check() says it: "plugin[0].slots".
using TomlPlaces = std::map<std::string, std::string, std::less<>>;

/// One of the words that a key takes.
template <typename Value>
struct TomlWord {
  std::string_view spelling;
  Value value;
};
template <typename Value>
TomlWord(std::string_view, Value) -> TomlWord<Value>;  // clang 14 deduces no aggregate by itself

class TomlFields {
 public:
  /// `title` names the table to people, `member` is the prefix of its entries in `places`. All outlive the reader.
  TomlFields(const TomlNode& node, std::string title, std::string member, TomlPlaces& places);

  // A member whose key is absent keeps its value. Each reader says what it meant when the type does not fit.
  void text(std::string_view key, std::string& member);
  void flag(std::string_view key, bool& member);
  void count(std::string_view key, std::uint32_t& member);
  void number(std::string_view key, std::int32_t& member);
  void bytes(std::string_view key, std::uint64_t& member);
  void duration(std::string_view key, std::chrono::nanoseconds& member);
  /// A table of texts: `{ region = "bj" }`.
  void texts(std::string_view key, std::map<std::string, std::string, std::less<>>& member);

  /// One of several words.
  template <typename Value, std::size_t count>
  void choice(std::string_view key, Value& member, const std::array<TomlWord<Value>, count>& words) {
    std::vector<std::string_view> spellings;
    spellings.reserve(count);
    for (const auto& word : words) spellings.push_back(word.spelling);
    if (const auto index = choice_index(key, spellings)) member = words[*index].value;
  }

  /// A value that the caller reads on: a table or an array inside. Null when absent or when there was a complaint.
  const TomlNode* table(std::string_view key);
  const TomlNode* array(std::string_view key, std::string_view what = "an array");

  /// Takes over the first complaint of a reader further inside.
  void complain(Status inner);

  /// The first complaint, be it a key that no reader asked for.
  [[nodiscard]] Status finish();

 private:
  const TomlEntry* find(std::string_view key);
  const TomlNode* wanted(std::string_view key, std::string_view what, std::size_t kind);
  std::optional<std::size_t> choice_index(std::string_view key, const std::vector<std::string_view>& words);
  void complain_type(const TomlEntry& entry, std::string_view what);

  const TomlNode& node_;
  std::string title_;
  std::string member_;
  TomlPlaces& places_;
  std::vector<std::string_view> asked_;
  Status status_;
};

}  // namespace shunt
