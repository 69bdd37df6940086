#include <shunt/schemas/nearest.hpp>

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace shunt {
namespace {

constexpr std::size_t kWordBytesMax = 64;  // what is longer is no typing mistake, and the distance is quadratic

/// Optimal string alignment: a swap of neighbours, the commonest slip, counts one.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before(right.size() + 1), above(right.size() + 1), row(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (left[i - 1] == right[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[right.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known) {
  if (word.size() > kWordBytesMax) return {};
  std::optional<std::string_view> best;
  std::size_t least = (word.size() + 1) / 3 + 1;
  for (const std::string_view candidate : known)
    if (const auto edits = distance(word, candidate); edits < least) best = candidate, least = edits;
  return best;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  if (const auto best = nearest(word, known)) return fmt::format("did you mean \"{}\"?", *best);
  return known.empty() ? "none is known here" : fmt::format("known here: {}", fmt::join(known, ", "));
}

}  // namespace shunt
