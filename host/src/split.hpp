#pragma once
/// Which of the seats of one consumer gets a message: all that a sender needs to know, in one immutable value.

#include "choice.hpp"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace shunt::host {

class SuitedSeats;

/// What a message is given to a seat by: its key, or the number that it has on its route; among those that suit it.
struct Pick {
  std::uint64_t key = 0;  ///< 0: it has none, or its route does not hold keys together.
  std::uint64_t number = 0;
  const SuitedSeats* among = nullptr;  ///< Null: it has no hints.
};

class Split {
 public:
  /// Seats, one bit each, by place.
  using Places = std::uint32_t;
  static constexpr std::size_t kNowhere = SIZE_MAX;

  /// Of one seat. Those of one group stand in for each other.
  struct Place {
    std::uint32_t group = 0;
    bool up = true;
    bool comes_back = true;  ///< Where it is not up: what is for it waits, if its group has nobody else.
  };

  /// At least one place, and at most Choice::kTargetsMax.
  Split(std::shared_ptr<const Choice> choice, const std::vector<Place>& places);

  /// A key that has to make do with another seat comes back to its own when that is up again; the others stay.
  [[nodiscard]] std::size_t place_of(const Pick& pick) const noexcept {
    const std::size_t place = pick.key != 0 ? choice_->of_key(pick.key) : choice_->nth(pick.number);
    if ((settled_ >> place & 1) != 0) [[likely]]
      return place;
    return one_of(instead_[place], pick);
  }
  /// The same, of some of the places only, by their weights among themselves; kNowhere: none is one of `allowed`.
  [[nodiscard]] std::size_t place_of(const Pick& pick, Places allowed) const noexcept {
    allowed &= all_;
    if (allowed == 0) return kNowhere;
    const std::size_t place = pick.key != 0 ? choice_->of_key(pick.key, allowed) : choice_->nth(pick.number, allowed);
    if (is_open(place)) return place;
    const std::size_t other = instead_of(place, pick, allowed);
    return other == kNowhere ? place : other;
  }

  /// Who of `allowed` gets what waits before a place that is not up; kNowhere: it waits for that.
  [[nodiscard]] std::size_t instead_of(std::size_t place, const Pick& pick,
                                       Places allowed = ~Places{0}) const noexcept {
    if (is_open(place)) return kNowhere;
    if (const Places others = instead_[place] & allowed; others != 0) return one_of(others, pick);
    const Places up = up_ & allowed;
    return up == 0 ? kNowhere : one_of(up, pick);
  }
  /// Of all messages while all are up; 0 .. 1.
  [[nodiscard]] double share_of(std::size_t place) const noexcept { return choice_->share_of(place); }
  /// The same of those that are for one of `allowed`.
  [[nodiscard]] double share_of(std::size_t place, Places allowed) const noexcept {
    return choice_->share_of(place, allowed & all_);
  }
  /// Whether the place may be given anything.
  [[nodiscard]] bool is_open(std::size_t place) const noexcept { return (settled_ >> place & 1) != 0; }

 private:
  static std::size_t one_of(Places places, const Pick& pick) noexcept;

  std::shared_ptr<const Choice> choice_;
  Places all_ = 0;
  Places up_ = 0;
  Places settled_ = 0;           // that keep what is for them
  std::vector<Places> instead_;  // of the others: who gets it, by place
};

}  // namespace shunt::host
