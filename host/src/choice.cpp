#include "choice.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

namespace shunt::host {
namespace {

using Counts = std::array<std::size_t, Choice::kTargetsMax>;

/// The buckets of each: its share rounded down, and one more for those with the largest remainders, the first of
/// equals.
Counts counts_of(std::span<const Share> shares) {
  std::uint64_t sum = 0;
  for (const Share& share : shares) sum += share.weight;
  Counts counts{};
  std::array<std::size_t, Choice::kTargetsMax> order{};
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::array<std::uint64_t, Choice::kTargetsMax> remainders{};
  std::size_t left = Choice::kBuckets;
  for (std::size_t place = 0; place < shares.size(); ++place) {
    const std::uint64_t part = std::uint64_t{shares[place].weight} * Choice::kBuckets;
    counts[place] = static_cast<std::size_t>(part / sum);
    remainders[place] = part % sum;
    left -= counts[place];
  }
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t place) { return remainders[place]; });
  for (std::size_t nth = 0; nth < left; ++nth) ++counts[order[nth]];
  return counts;
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014): keys that
/// differ little fall far from each other.
std::uint64_t mixed(std::uint64_t key) noexcept {
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9;
  key = (key ^ (key >> 27)) * 0x94d049bb133111eb;
  return key ^ (key >> 31);
}

}  // namespace

std::size_t Choice::bucket_of(std::uint64_t key) noexcept {
  __extension__ using Product = unsigned __int128;
  return static_cast<std::size_t>((Product{mixed(key)} * kBuckets) >> 64);
}

std::size_t Choice::of_key(std::uint64_t key, std::uint32_t allowed) const noexcept {
  const std::size_t place = of_key(key);
  return (allowed >> place & 1) != 0 ? place : among(mixed(mixed(key)), allowed);
}

std::size_t Choice::among(std::uint64_t draw, std::uint32_t allowed) const noexcept {
  __extension__ using Product = unsigned __int128;
  std::uint64_t sum = 0;
  for (std::size_t place = 0; place < count_; ++place)
    if ((allowed >> place & 1) != 0) sum += shares_[place].weight;
  const bool evenly = sum == 0;
  if (evenly) sum = static_cast<std::uint64_t>(std::popcount(allowed));
  auto left = static_cast<std::uint64_t>((Product{draw} * sum) >> 64);
  std::size_t place = 0;
  for (std::size_t each = 0; each < count_; ++each) {
    if ((allowed >> each & 1) == 0) continue;
    const std::uint64_t weight = evenly ? 1 : shares_[each].weight;
    place = each;
    if (left < weight) break;
    left -= weight;
  }
  return place;
}

bool Choice::is_of(std::span<const Share> shares) const noexcept {
  return std::ranges::equal(std::span{shares_}.first(count_), shares);
}

double Choice::share_of(std::size_t place) const noexcept {
  double sum = 0;
  for (const Share& share : std::span{shares_}.first(count_)) sum += share.weight;
  return shares_[place].weight / sum;
}

double Choice::share_of(std::size_t place, std::uint32_t allowed) const noexcept {
  double sum = 0;
  for (std::size_t each = 0; each < count_; ++each)
    if ((allowed >> each & 1) != 0) sum += shares_[each].weight;
  return sum > 0 ? shares_[place].weight / sum : 1.0 / std::popcount(allowed);
}

std::shared_ptr<const Choice> Choice::of(std::span<const Share> shares, const Choice* before) {
  constexpr std::uint8_t kNobody = std::numeric_limits<std::uint8_t>::max();
  std::shared_ptr<Choice> choice{new Choice};
  choice->count_ = shares.size();
  Counts left = counts_of(shares);

  std::size_t passed = 0;
  for (std::size_t place = 0; place < shares.size(); ++place) {
    choice->shares_[place] = shares[place];
    passed += left[place];
    // Of 2^64 draws; none of them is 0 for very long, so that one without a share gets none.
    choice->up_to_[place] = passed == kBuckets ? std::numeric_limits<std::uint64_t>::max()
                                               : passed * (std::numeric_limits<std::uint64_t>::max() / kBuckets);
  }

  choice->buckets_.fill(kNobody);
  for (std::size_t bucket = 0; before != nullptr && bucket < kBuckets; ++bucket) {
    const std::uint32_t had = before->shares_[before->buckets_[bucket]].target;
    const auto still = std::ranges::find(shares, had, &Share::target);
    if (still == shares.end()) continue;
    const auto place = static_cast<std::size_t>(still - shares.begin());
    if (left[place] == 0) continue;
    --left[place];
    choice->buckets_[bucket] = static_cast<std::uint8_t>(place);
  }
  std::size_t place = 0;
  for (std::uint8_t& bucket : choice->buckets_) {
    if (bucket != kNobody) continue;
    while (left[place] == 0) ++place;
    --left[place];
    bucket = static_cast<std::uint8_t>(place);
  }
  return choice;
}

}  // namespace shunt::host
