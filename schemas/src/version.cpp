#include "digits.hpp"

#include <shunt/schemas/version.hpp>

#include <algorithm>
#include <charconv>
#include <vector>

namespace shunt {
namespace {

bool is_identifier(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; }

template <typename T>
std::optional<T> number(std::string_view digits) {
  if (digits.empty() || (digits.size() > 1 && digits.front() == '0') || !std::ranges::all_of(digits, is_digit))
    return {};
  T value{};
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (code != std::errc{} || end != digits.data() + digits.size()) return {};
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0;;) {
    const auto to = text.find(separator, from);
    parts.push_back(text.substr(from, to - from));
    if (to == std::string_view::npos) return parts;
    from = to + 1;
  }
}

std::optional<BuildHash> build_hash(std::string_view text) {
  const auto is_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  if (text.size() != 8 || !std::ranges::all_of(text, is_hex)) return {};
  BuildHash hash;
  std::from_chars(text.data(), text.data() + text.size(), hash.value, 16);
  return hash;
}

std::optional<AbiLevel> abi_level(std::string_view text) {
  if (!text.starts_with("abi-v")) return {};
  const auto value = number<std::uint16_t>(text.substr(5));
  return value ? std::optional(AbiLevel{*value}) : std::nullopt;
}

/// A numeric identifier is below a textual one; numbers compare by value, texts by bytes.
std::strong_ordering compare_identifiers(std::string_view left, std::string_view right) {
  const bool left_numeric = std::ranges::all_of(left, is_digit);
  const bool right_numeric = std::ranges::all_of(right, is_digit);
  if (left_numeric != right_numeric) return left_numeric ? std::strong_ordering::less : std::strong_ordering::greater;
  if (left_numeric && left.size() != right.size()) return left.size() <=> right.size();
  return left <=> right;
}

std::strong_ordering compare_prereleases(std::string_view left, std::string_view right) {
  if (left.empty() || right.empty()) return left.empty() <=> right.empty();  // a release is above its pre-releases
  const auto lefts = split(left, '.');
  const auto rights = split(right, '.');
  return std::lexicographical_compare_three_way(lefts.begin(), lefts.end(), rights.begin(), rights.end(),
                                                compare_identifiers);
}

}  // namespace

Result<Version> Version::parse(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return error(ErrorCode::BadInput,
                 "\"{}\" is not a version: {}; write MAJOR.MINOR.PATCH, e.g. 1.4.0 or "
                 "1.4.0+8a3f1c2e+abi-v3",
                 text, why);
  };
  Version version;
  const auto extras = split(text, '+');
  std::string_view core = extras.front();
  if (const auto dash = core.find('-'); dash != std::string_view::npos) {
    version.prerelease = core.substr(dash + 1);
    core = core.substr(0, dash);
    for (const auto identifier : split(version.prerelease, '.')) {
      if (identifier.empty() || !std::ranges::all_of(identifier, is_identifier))
        return refuse("a pre-release is dot-separated letters, digits and '-'");
      if (identifier.size() > 1 && identifier.front() == '0' && std::ranges::all_of(identifier, is_digit))
        return refuse("a numeric pre-release identifier has no leading zero");
    }
  }
  const auto numbers = split(core, '.');
  if (numbers.size() != 3) return refuse("three numbers are needed");
  std::uint32_t* const fields[] = {&version.major, &version.minor, &version.patch};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto value = number<std::uint32_t>(numbers[i]);
    if (!value) return refuse("a number is digits without leading zeros, below 2^32");
    *fields[i] = *value;
  }
  for (std::size_t i = 1; i < extras.size(); ++i) {
    if (const auto level = abi_level(extras[i]); level && !version.abi) version.abi = level;
    else if (const auto hash = build_hash(extras[i]); hash && !version.build && !version.abi) version.build = hash;
    else return refuse("after '+' come a build hash of 8 lower-case hex digits, then abi-v<N>");
  }
  return version;
}

std::strong_ordering operator<=>(const Version& left, const Version& right) {
  if (const auto order = left.major <=> right.major; order != 0) return order;
  if (const auto order = left.minor <=> right.minor; order != 0) return order;
  if (const auto order = left.patch <=> right.patch; order != 0) return order;
  if (const auto order = compare_prereleases(left.prerelease, right.prerelease); order != 0) return order;
  if (const auto order = left.abi <=> right.abi; order != 0) return order;
  return left.build <=> right.build;
}

bool Version::matches(const Version& wanted) const {
  return major == wanted.major && minor == wanted.minor && patch == wanted.patch && prerelease == wanted.prerelease &&
         (!wanted.build || build == wanted.build) && (!wanted.abi || abi == wanted.abi);
}

std::string to_string(const Version& version) {
  auto text = fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
  if (!version.prerelease.empty()) text += "-" + version.prerelease;
  if (version.build) text += fmt::format("+{:08x}", version.build->value);
  if (version.abi) text += fmt::format("+abi-v{}", version.abi->value);
  return text;
}

}  // namespace shunt
