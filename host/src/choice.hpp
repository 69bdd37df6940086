#pragma once
/// Which of several targets gets a message, by weight: one after the other, or always the same for a key.
///
///     const auto choice = Choice::of(shares, previous.get());        // on the control thread
///     targets[choice->nth(number)];                                   // 8 of 10, and 2 of 10, evenly mixed
///     targets[choice->of_key(key)];                                   // the same until weights change, and mostly
///     then
///
/// Keys are hashed into 10,000 buckets, each of which is a target's. When weights change, as many buckets change hands
/// as have to: from 80/20 to 70/30 a tenth of all keys, and no key that had the second target leaves it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace shunt::host {

/// What a target gets: `weight` of the sum of all weights. A target is known by its number from table to table.
struct Share {
  std::uint32_t target = 0;
  std::uint32_t weight = 0;
  friend bool operator==(const Share&, const Share&) = default;
};

/// Immutable once made, and read by any thread.
class Choice {
 public:
  static constexpr std::size_t kBuckets = 10'000;
  static constexpr std::size_t kTargetsMax = 16;  ///< Few enough to look through them one by one.

  /// Of 1 .. kTargetsMax shares, of which some weight is not 0; a target stands once. Buckets that `before` gave to a
  /// target stay there as far as its share allows; with the same shares it is the same.
  static std::shared_ptr<const Choice> of(std::span<const Share> shares, const Choice* before);

  /// The place among the shares of the target that gets the message of this number. Numbers that follow each other are
  /// equidistributed (Weyl: multiples of the golden ratio): after n of them no target is further from its share than
  /// about log n.
  [[nodiscard]] std::size_t nth(std::uint64_t number) const noexcept {
    const std::uint64_t draw = draw_of(number);
    std::size_t place = 0;
    while (draw > up_to_[place]) ++place;
    return place;
  }
  [[nodiscard]] std::size_t of_key(std::uint64_t key) const noexcept { return buckets_[bucket_of(key)]; }

  /// The same where only `allowed` places may have it, one bit each, by their weights among themselves; evenly where
  /// none of them has any. Some place is allowed. A key keeps its own place if that is one of them.
  [[nodiscard]] std::size_t nth(std::uint64_t number, std::uint32_t allowed) const noexcept {
    return among(draw_of(number), allowed);
  }
  [[nodiscard]] std::size_t of_key(std::uint64_t key, std::uint32_t allowed) const noexcept;

  [[nodiscard]] static std::size_t bucket_of(std::uint64_t key) noexcept;
  [[nodiscard]] bool is_of(std::span<const Share> shares) const noexcept;
  /// The part of all messages that a place gets by its weight; 0 .. 1.
  [[nodiscard]] double share_of(std::size_t place) const noexcept;
  /// The same of those that are for one of `allowed`, of which it is one.
  [[nodiscard]] double share_of(std::size_t place, std::uint32_t allowed) const noexcept;

 private:
  Choice() = default;
  [[nodiscard]] static std::uint64_t draw_of(std::uint64_t number) noexcept {
    constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;  // 2^64 / the golden ratio
    return (number + 1) * kStep;
  }
  [[nodiscard]] std::size_t among(std::uint64_t draw, std::uint32_t allowed) const noexcept;

  std::array<std::uint64_t, kTargetsMax> up_to_{};  ///< By place: the largest draw that is its; the last one's is all.
  std::array<Share, kTargetsMax> shares_{};
  std::size_t count_ = 0;
  std::array<std::uint8_t, kBuckets> buckets_{};  ///< The place of the target that has it.
};

}  // namespace shunt::host
