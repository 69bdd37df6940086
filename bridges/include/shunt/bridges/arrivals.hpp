#pragma once
/// Counts what is missing of numbered messages that may come out of order and more than once.
///
///     if (!arrivals.see({origin, start}, number)) return;   // it came before
///     lost = arrivals.lost();

#include <algorithm>
#include <array>
#include <bitset>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>

namespace shunt::bridges {

/// Who gives the numbers.
struct Sender {
  std::array<std::uint8_t, 16> origin{};
  std::uint64_t start = 0;
  friend auto operator<=>(const Sender&, const Sender&) = default;
};

class Arrivals {
 public:
  /// How far behind the highest number one is known to have come before. What is older counts as new.
  static constexpr std::uint64_t kWindow = 1024;

  /// False: this number of this sender came before. Of a sender that is new to us the lowest that came is the first
  /// there is.
  bool see(const Sender& sender, std::uint64_t number) {
    const auto [known, is_new] = senders_.try_emplace(sender, Seen{number, number});
    if (is_new && senders_.size() > kSendersMax) forget_longest_silent(sender);
    Seen& seen = known->second;
    seen.turn = ++turn_;
    if (number > seen.highest) {
      const std::uint64_t further = number - seen.highest;
      if (further < kWindow) seen.before <<= static_cast<std::size_t>(further);
      else seen.before.reset();
      seen.highest = number;
    }
    const std::uint64_t behind = seen.highest - number;
    if (behind < kWindow) {
      if (seen.before[static_cast<std::size_t>(behind)]) return false;
      seen.before.set(static_cast<std::size_t>(behind));
    }
    seen.first = std::min(seen.first, number);
    ++seen.count;
    return true;
  }

  /// Numbers that did not come, of those between the first and the last that did. Falls when one comes late.
  [[nodiscard]] std::uint64_t lost() const {
    std::uint64_t lost = forgotten_;
    for (const auto& [sender, seen] : senders_) lost += seen.missing();
    return lost;
  }

 private:
  struct Seen {
    std::uint64_t first = 0;
    std::uint64_t highest = 0;
    std::uint64_t count = 0;
    std::uint64_t turn = 0;            // when it was heard of last
    std::bitset<kWindow> before = {};  // by how far behind the highest

    [[nodiscard]] std::uint64_t missing() const {
      const std::uint64_t span = highest - first + 1;
      return span > count ? span - count : 0;
    }
  };

  static constexpr std::size_t kSendersMax = 256;  ///< One more, and the one that was silent longest is forgotten.

  void forget_longest_silent(const Sender& but) {
    auto longest = senders_.end();
    for (auto each = senders_.begin(); each != senders_.end(); ++each)
      if (each->first != but && (longest == senders_.end() || each->second.turn < longest->second.turn)) longest = each;
    forgotten_ += longest->second.missing();
    senders_.erase(longest);
  }

  std::map<Sender, Seen> senders_;
  std::uint64_t turn_ = 0;
  std::uint64_t forgotten_ = 0;  // what was missing of senders that are
};

}  // namespace shunt::bridges
