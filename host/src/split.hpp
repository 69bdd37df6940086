#pragma once
/// Which of the seats of one consumer gets a message: all that a sender needs to know, in one immutable value.

#include "choice.hpp"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace shunt::host {

/// What a message is given to a seat by: its key, or the number that it has on its route.
struct Pick {
  std::uint64_t key = 0;  ///< 0: it has none, or its route does not hold keys together.
  std::uint64_t number = 0;
};

class Split {
 public:
  /// `up`, by place: nobody is given anything where it is false, while it is true elsewhere.
  Split(std::shared_ptr<const Choice> choice, std::vector<bool> up) : choice_(std::move(choice)), up_(std::move(up)) {
    for (std::size_t place = 0; place < up_.size(); ++place)
      if (up_[place]) instead_.push_back(static_cast<std::uint8_t>(place));
  }

  /// A key that has to make do with another seat comes back to its own when that is up again; the others stay.
  [[nodiscard]] std::size_t place_of(const Pick& pick) const noexcept {
    const std::size_t place = pick.key != 0 ? choice_->of_key(pick.key) : choice_->nth(pick.number);
    if (is_up(place)) [[likely]]
      return place;
    return instead_[(pick.key != 0 ? Choice::bucket_of(pick.key) : pick.number) % instead_.size()];
  }

  /// Whether the place may be given anything.
  [[nodiscard]] bool is_up(std::size_t place) const noexcept { return up_[place] || instead_.empty(); }

 private:
  std::shared_ptr<const Choice> choice_;
  std::vector<bool> up_;
  std::vector<std::uint8_t> instead_;  // the places that are up
};

}  // namespace shunt::host
