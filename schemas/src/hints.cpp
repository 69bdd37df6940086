#include "digits.hpp"

#include <shunt/schemas/hints.hpp>
#include <shunt/schemas/names.hpp>

#include <algorithm>
#include <utility>

namespace shunt {
namespace {

constexpr std::string_view kFeatureKey = "feature";

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Calls `each` with what stands between the separators, trimmed, until one fails.
template <typename Each>
Status split(std::string_view text, char separator, Each&& each) {
  for (;;) {
    const auto end = text.find(separator);
    SHUNT_CHECK(each(trimmed(text.substr(0, end))));
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

using Parts = Hints::Parts;

Status add_label(std::string_view key, std::string_view value, Parts& parts) {
  if (!is_label_value(value))
    return error(ErrorCode::BadInput, "hint \"{}={}\": a value has 1 to 64 letters, digits, '.', '_', '+' and '-'", key,
                 value);
  const auto known = std::ranges::find(parts.labels, key, &LabelHint::key);
  if (known == parts.labels.end()) return parts.labels.push_back({std::string(key), std::string(value)}), Status{};
  if (known->value == value) return {};
  return error(ErrorCode::BadInput, "hints say \"{}={}\" and \"{}={}\": say one", key, known->value, key, value);
}

Status add_versions(std::string_view list, Parts& parts) {
  return split(list, ',', [&](std::string_view each) -> Status {
    const auto plus = each.find('+');
    auto range = trimmed(each.substr(0, plus));
    if (range.size() > 1 && range.front() == 'v' && is_digit(range[1])) range.remove_prefix(1);
    auto version = VersionRange::parse(range);
    if (!version)
      return error(ErrorCode::BadInput, "hint \"{}\" is neither a version nor KEY=VALUE: {}", each,
                   version.error().message);
    parts.versions.push_back({std::string(range), *std::move(version)});
    return plus == std::string_view::npos ? Status{} : add_label(kFeatureKey, trimmed(each.substr(plus + 1)), parts);
  });
}

Status add_entry(std::string_view entry, Parts& parts, bool& all_required) {
  if (entry.empty()) return error(ErrorCode::BadInput, "hints have an empty entry: leave out that ';'");
  const auto sign = entry.find('=');
  const auto key = trimmed(entry.substr(0, sign));
  if (key == Hints::kRequiredKey && sign == std::string_view::npos) return all_required = true, Status{};
  // A range may have a sign of its own: ">=1.2". It begins with no letter but the "v" of a version.
  if (sign == std::string_view::npos || !is_name(key)) return add_versions(entry, parts);
  const auto value = trimmed(entry.substr(sign + 1));
  if (key == Hints::kVersionKey) return add_versions(value, parts);
  if (key != Hints::kRequiredKey) return add_label(key, value, parts);
  return split(value, ',', [&](std::string_view each) -> Status {
    if (!is_name(each)) return error(ErrorCode::BadInput, "hint \"{}\": \"{}\" is no key", entry, each);
    parts.required.emplace_back(each);
    return {};
  });
}

Result<Parts> parts_of(std::string_view text) {
  Parts parts;
  bool all_required = false;
  SHUNT_CHECK(split(text, ';', [&](std::string_view entry) { return add_entry(entry, parts, all_required); }));
  std::ranges::sort(parts.labels, {}, &LabelHint::key);
  if (all_required) {
    parts.required.clear();
    if (!parts.versions.empty()) parts.required.emplace_back(Hints::kVersionKey);
    for (const LabelHint& label : parts.labels) parts.required.push_back(label.key);
  }
  for (const std::string& key : parts.required)
    if (key == Hints::kVersionKey ? parts.versions.empty()
                                  : std::ranges::find(parts.labels, key, &LabelHint::key) == parts.labels.end())
      return error(ErrorCode::BadInput, "hints \"{}\": \"{}\" is required, and nothing is said of it", text, key);
  if (all_required && parts.required.empty())
    return error(ErrorCode::BadInput, "hints \"{}\": what is required? Say a version or KEY=VALUE as well", text);
  std::ranges::sort(parts.required);
  parts.required.erase(std::unique(parts.required.begin(), parts.required.end()), parts.required.end());
  return parts;
}

std::string written(const Parts& parts) {
  std::string text;
  const auto join = [&text](auto&& items, const auto& text_of) {
    std::string_view separator;
    for (const auto& each : items) text.append(std::exchange(separator, ",")).append(text_of(each));
  };
  join(parts.versions, [](const VersionHint& each) { return each.text; });
  for (const LabelHint& label : parts.labels)
    text.append(text.empty() ? "" : ";").append(label.key).append("=").append(label.value);
  if (parts.required.empty()) return text;
  text.append(";required");
  if (parts.required.size() == parts.labels.size() + (parts.versions.empty() ? 0 : 1)) return text;
  text.append("=");
  join(parts.required, [](const std::string& each) { return each; });
  return text;
}

}  // namespace

Result<Hints> Hints::parse(std::string_view text) {
  if (trimmed(text).empty()) return Hints{};
  constexpr std::size_t kWrittenBytesMax = 4 * kBytesMax;  // blanks and all; it may come from outside
  if (text.size() > kWrittenBytesMax)
    return error(ErrorCode::BadInput, "hints of {} bytes: they may have {}", text.size(), kBytesMax);
  SHUNT_TRY(parts, parts_of(text));
  const std::string in_one_form = written(parts);
  if (in_one_form.size() > kBytesMax)
    return error(ErrorCode::BadInput, "hints \"{}\" have {} bytes: they may have {}", in_one_form, in_one_form.size(),
                 kBytesMax);
  return of_text(in_one_form);
}

Hints Hints::of_text(std::string_view text) noexcept {
  Hints hints;
  if (text.empty()) return hints;
  hints.size_ = static_cast<std::uint8_t>(std::min(text.size(), kBytesMax));
  std::ranges::copy(text.substr(0, hints.size_), hints.text_.begin());
  hints.hash_ = Key{hints.text()}.value;
  return hints;
}

Hints::Parts Hints::parts() const {
  if (empty()) return {};
  auto parts = parts_of(text());
  return parts ? *std::move(parts) : Parts{};
}

bool Hints::Parts::is_required(std::string_view key) const noexcept {
  return std::ranges::find(required, key) != required.end();
}

bool Hints::is_header(std::string_view name) noexcept { return std::ranges::equal(name, kHeader, {}, lower); }

bool is_label_value(std::string_view text) noexcept {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '-' || c == '.' ||
           c == '+';
  };
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, fits);
}

}  // namespace shunt
