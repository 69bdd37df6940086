#include "units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace shunt {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kSizes{Unit{"B", 1}, Unit{"KiB", 1u << 10}, Unit{"MiB", 1u << 20}, Unit{"GiB", 1u << 30}};
constexpr std::array kDurations{Unit{"ns", 1}, Unit{"us", 1'000}, Unit{"ms", 1'000'000}, Unit{"s", 1'000'000'000},
                                Unit{"min", 60'000'000'000}};
constexpr std::uint64_t kDurationMax = 24 * 60 * kDurations.back().factor;

/// The number times its unit; nothing when the text is not just those two or the product does not fit.
std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{}) return {};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  const auto unit = std::ranges::find(units, text, &Unit::name);
  if (unit == units.end() || number > std::numeric_limits<std::uint64_t>::max() / unit->factor) return {};
  return number * unit->factor;
}

std::string in_largest_whole(std::uint64_t number, std::span<const Unit> units) {
  Unit unit = units.front();
  if (number > 0)
    for (const Unit& larger : units)
      if (number % larger.factor == 0) unit = larger;
  return fmt::format("{} {}", number / unit.factor, unit.name);
}

}  // namespace

Result<std::uint64_t> parse_bytes(std::string_view text) {
  if (const auto bytes = parse(text, kSizes)) return *bytes;
  return error(ErrorCode::BadInput,
               "{:?} is not a size; write a whole number and B, KiB, MiB or GiB, such as \"64 KiB\"", text);
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (const auto duration = parse(text, kDurations); duration && *duration <= kDurationMax)
    return std::chrono::nanoseconds(*duration);
  return error(ErrorCode::BadInput,
               "{:?} is not a duration; write a whole number and ns, us, ms, s or min, such as \"2 ms\", at most a day",
               text);
}

std::string bytes_text(std::uint64_t bytes) { return in_largest_whole(bytes, kSizes); }

std::string duration_text(std::chrono::nanoseconds duration) {
  return in_largest_whole(static_cast<std::uint64_t>(duration.count()), kDurations);
}

}  // namespace shunt
