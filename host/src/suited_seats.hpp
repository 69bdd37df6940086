#pragma once
/// Which seats suit what a message wants: hints against what versions are told apart by.
///
/// One rule after the other leaves the seats that suit it: versions, the preferred one first; the tag; labels, by key.
/// A rule that nobody suits is passed over, or where it is required nobody is left. What several are left for, the
/// weights decide.

#include "split.hpp"

#include <shunt/schemas/hints.hpp>
#include <shunt/schemas/version.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace shunt::host {

struct Target;

/// What a version is told apart by.
struct Traits {
  Version version{};
  std::string tag{};  ///< Empty: it has none but its number.
  std::map<std::string, std::string, std::less<>> labels{};
};

/// The seats of one consumer that hints can mean. Routes have the same where it is the same for them, from table to
/// table: what hints mean is found out once.
class Candidates {
 public:
  struct Seat {
    std::uint8_t place = 0;
    std::shared_ptr<const Traits> traits;
    friend bool operator==(const Seat&, const Seat&) = default;  // versions are the same or others
  };
  explicit Candidates(std::vector<Seat> seats_meant);

  const std::uint64_t id;  ///< No other has it in this process; above 0.
  const std::vector<Seat> seats;
};

struct Suited {
  Split::Places places = 0;  ///< 0: nobody suits what is required.
  bool passed_over = false;  ///< Some hint was.
};

/// What one rule did, for people.
struct HintStep {
  std::string rule;        ///< "version ^1.5", "tag nightly", "region=bj".
  Split::Places left = 0;  ///< 0: nobody suits it; it was passed over, unless it is required.
  bool required = false;
};

/// Only of places that are in `among`. `steps`, where given, gets one for each rule that was tried. Allocates.
[[nodiscard]] Suited suited(const Hints::Parts& hints, const Candidates& candidates,
                            Split::Places among = ~Split::Places{0}, std::vector<HintStep>* steps = nullptr);

/// The same. The thread remembers it: only what is new to it allocates.
[[nodiscard]] Suited suited(const Hints& hints, const Candidates& candidates, Split::Places among = ~Split::Places{0});

/// Of every consumer of a route.
class SuitedSeats {
 public:
  /// Allocates where there are more consumers than ever before. `targets`: in the order of the table.
  void find(const Hints& hints, std::span<const Target> targets);
  /// By Target::consumer.
  [[nodiscard]] Split::Places of(std::uint32_t consumer) const noexcept { return places_[consumer]; }
  [[nodiscard]] bool any_passed_over() const noexcept { return passed_over_; }

 private:
  std::vector<Split::Places> places_;
  bool passed_over_ = false;
};

}  // namespace shunt::host
