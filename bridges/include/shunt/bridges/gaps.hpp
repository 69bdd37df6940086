#pragma once
/// Counts what is missing between messages that arrive, by the numbers that each of their senders gives them.
///
///     lost += gaps.see(sender, number);

#include <cstddef>
#include <cstdint>
#include <map>

namespace shunt::bridges {

class Gaps {
 public:
  /// How many are missing before this one. Of a sender that is new to us the first to arrive is the first there is.
  std::uint64_t see(std::uint64_t sender, std::uint64_t number) {
    const auto [known, is_new] = next_.try_emplace(sender, number);
    // Made up: numbers that go back say nothing of what is missing.
    const std::uint64_t missing = number > known->second ? number - known->second : 0;
    known->second = number + 1;
    if (is_new && next_.size() > kSendersMax)
      next_.erase(next_.begin()->first == sender ? ++next_.begin() : next_.begin());
    return missing;
  }

 private:
  static constexpr std::size_t kSendersMax = 1024;  ///< One more, and another is forgotten.
  std::map<std::uint64_t, std::uint64_t> next_;     // by sender
};

}  // namespace shunt::bridges
