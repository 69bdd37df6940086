#include <shunt/schemas/version_range.hpp>

#include <algorithm>
#include <limits>

namespace shunt {
namespace {

constexpr auto kNumberMax = std::numeric_limits<std::uint32_t>::max();

/// A version whose right-most numbers may be missing.
struct Partial {
  Version version;
  int numbers = 0;  ///< How many of the three are given; 0: "*".
};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

Result<Partial> parse_partial(std::string_view text) {
  if (text == "*" || text == "x") return Partial{};
  const auto end_of_numbers = text.find_first_of("-+");
  const auto dots = std::ranges::count(text.substr(0, end_of_numbers), '.');
  if (dots > 2 || (dots < 2 && end_of_numbers != std::string_view::npos))
    return error(ErrorCode::BadInput, "\"{}\" is not a version", text);
  std::string full(text);
  for (auto i = dots; i < 2; ++i) full += ".0";
  SHUNT_TRY(version, Version::parse(full));
  if (version.build || version.abi)
    return error(ErrorCode::BadInput, "\"{}\": a range names no build hash and no ABI level", text);
  return Partial{version, static_cast<int>(dots) + 1};
}

/// The first version after every one that agrees with `version` in its first `numbers` numbers; none when there is
/// none.
std::optional<Version> after(const Version& version, int numbers) {
  std::uint32_t parts[] = {version.major, version.minor, version.patch};
  if (numbers == 0) return {};
  for (int i = numbers; i < 3; ++i) parts[i] = 0;
  for (int i = numbers - 1; i >= 0; --i) {
    if (parts[i] != kNumberMax) {
      ++parts[i];
      return Version{parts[0], parts[1], parts[2], {}, {}, {}};
    }
    parts[i] = 0;
  }
  return {};
}

int kept_by_caret(const Partial& partial) {
  if (partial.version.major != 0 || partial.numbers <= 1) return std::min(partial.numbers, 1);
  if (partial.version.minor != 0 || partial.numbers == 2) return 2;
  return 3;
}

}  // namespace

Status VersionRange::add_comparator(std::string_view word, Bounds& bounds) {
  const auto size = std::min(word.find_first_not_of("<>=^~"), word.size());
  const auto sign = word.substr(0, size);
  auto numbers = word.substr(size);
  while (sign.empty() && (numbers.ends_with(".x") || numbers.ends_with(".*"))) numbers.remove_suffix(2);
  SHUNT_TRY(partial, parse_partial(numbers));
  const auto& version = partial.version;
  if (!version.prerelease.empty()) bounds.named.push_back(version);
  const auto raise = [&](const Version& from) { bounds.from = std::max(bounds.from, from); };
  const auto below = [&](int kept) {
    if (const auto end = after(version, kept)) bounds.before.push_back(*end);
  };
  // A pre-release of the first version past the end is kept out by the pre-release rule in contains().
  if (sign == "<") bounds.before.push_back(version);
  else if (sign == "<=" && !version.prerelease.empty())
    bounds.before.push_back(Version{version.major, version.minor, version.patch, version.prerelease + ".0", {}, {}});
  else if (sign == "<=") below(partial.numbers);
  else if (sign == ">=") raise(version);
  else if (sign == ">" && !version.prerelease.empty())
    raise(Version{version.major, version.minor, version.patch, version.prerelease + ".0", {}, {}});
  else if (sign == ">" && partial.numbers > 0)
    raise(after(version, partial.numbers).value_or(Version{kNumberMax, kNumberMax, kNumberMax, {}, {}, {}}));
  else if (sign == "^" || sign == "~" || sign == "=" || sign.empty()) {
    raise(version);
    if (sign == "^") below(kept_by_caret(partial));
    else if (sign == "~") below(std::min(partial.numbers, 2));
    else if (version.prerelease.empty()) below(partial.numbers);
    else
      bounds.before.push_back(Version{version.major, version.minor, version.patch, version.prerelease + ".0", {}, {}});
  } else {
    return error(ErrorCode::BadInput, "\"{}\" starts with no sign that a range knows: ^ ~ = < <= > >=", word);
  }
  return {};
}

Result<VersionRange::Bounds> VersionRange::parse_bounds(std::string_view text) {
  Bounds bounds;
  text = trimmed(text);
  if (text.empty()) return error(ErrorCode::BadInput, "an empty range; write \"*\" for any version");
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    SHUNT_CHECK(add_comparator(word, bounds));
    text = trimmed(text.substr(word.size()));
  }
  return bounds;
}

Result<VersionRange> VersionRange::parse(std::string_view text) {
  VersionRange range;
  for (std::size_t from = 0;;) {
    const auto bar = text.find("||", from);
    auto bounds = parse_bounds(text.substr(from, bar - from));
    if (!bounds)
      return error(ErrorCode::BadInput,
                   "\"{}\" is not a version range ({}); write \"^1.2\", \"~1.4.1\", "
                   "\">=1.2.0 <2.0.0\" or \"*\"",
                   text, bounds.error().message);
    range.alternatives_.push_back(*std::move(bounds));
    if (bar == std::string_view::npos) return range;
    from = bar + 2;
  }
}

bool VersionRange::contains(const Version& version) const {
  const Version bare{version.major, version.minor, version.patch, version.prerelease, {}, {}};
  return std::ranges::any_of(alternatives_, [&](const Bounds& bounds) {
    const auto same_numbers = [&](const Version& named) {
      return named.major == bare.major && named.minor == bare.minor && named.patch == bare.patch;
    };
    if (!bare.prerelease.empty() && std::ranges::none_of(bounds.named, same_numbers)) return false;
    return bounds.from <= bare && std::ranges::all_of(bounds.before, [&](const Version& end) { return bare < end; });
  });
}

}  // namespace shunt
