#include "suited_seats.hpp"

#include "kept_by_thread.hpp"
#include "route_table.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include <fmt/format.h>

namespace shunt::host {
namespace {

/// "1.5.0-rc.1": what people call it by.
std::string number_of(const Version& version) {
  return to_string(Version{version.major, version.minor, version.patch, version.prerelease, {}, {}});
}

bool has_label(const Traits& traits, const LabelHint& hint) {
  if (hint.key == Hints::kTagKey) return traits.tag == hint.value || number_of(traits.version) == hint.value;
  const auto label = traits.labels.find(hint.key);
  return label != traits.labels.end() && label->second == hint.value;
}

/// Labels in their order, and before them the tag.
std::vector<const LabelHint*> in_order(const std::vector<LabelHint>& labels) {
  std::vector<const LabelHint*> result;
  result.reserve(labels.size());
  for (const LabelHint& label : labels) result.push_back(&label);
  std::stable_partition(result.begin(), result.end(),
                        [](const LabelHint* label) { return label->key == Hints::kTagKey; });
  return result;
}

std::uint64_t next_id() noexcept {
  static constinit std::atomic<std::uint64_t> ids{0};
  return ids.fetch_add(1, std::memory_order_relaxed) + 1;
}

/// What a thread has found out lately: 38 KiB.
class Remembered {
 public:
  Suited find(const Hints& hints, const Candidates& candidates, Split::Places among) {
    constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;  // 2^64 / the golden ratio
    Known& known = known_[(hints.hash() ^ candidates.id * kSpread) >> 32 & (known_.size() - 1)];
    if (known.candidates == candidates.id && known.among == among && known.hints == hints) [[likely]]
      return known.suited;
    const Suited found = suited(hints.parts(), candidates, among);
    known = {candidates.id, among, found, hints};
    return found;
  }

 private:
  struct Known {
    std::uint64_t candidates = 0;
    Split::Places among = 0;
    Suited suited{};
    Hints hints{};
  };
  std::array<Known, 256> known_;
};

}  // namespace

Candidates::Candidates(std::vector<Seat> seats_meant) : id(next_id()), seats(std::move(seats_meant)) {}

Suited suited(const Hints::Parts& hints, const Candidates& candidates, Split::Places among,
              std::vector<HintStep>* steps) {
  const auto fit = [&](const auto& fits) {
    Split::Places places = 0;
    for (const Candidates::Seat& seat : candidates.seats)
      if (fits(*seat.traits)) places |= Split::Places{1} << seat.place;
    return places;
  };
  Suited result{.places = fit([](const Traits&) { return true; }) & among};
  const auto note = [&](std::string rule, Split::Places places, bool required) {
    if (steps != nullptr) steps->push_back({std::move(rule), places, required});
  };
  // False: nobody is left.
  const auto narrow = [&](Split::Places places, bool required) {
    if (places != 0 || required) result.places = places;
    else result.passed_over = true;
    return result.places != 0;
  };

  const bool version_required = hints.is_required(Hints::kVersionKey);
  Split::Places of_version = 0;
  for (const VersionHint& hint : hints.versions) {
    of_version = result.places & fit([&](const Traits& traits) { return hint.range.contains(traits.version); });
    note(fmt::format("version {}", hint.text), of_version, version_required);
    if (of_version != 0) break;
  }
  if (!hints.versions.empty() && !narrow(of_version, version_required)) return result;
  for (const LabelHint* const hint : in_order(hints.labels)) {
    const bool required = hints.is_required(hint->key);
    const Split::Places places = result.places & fit([&](const Traits& traits) { return has_label(traits, *hint); });
    note(
        hint->key == Hints::kTagKey ? fmt::format("tag {}", hint->value) : fmt::format("{}={}", hint->key, hint->value),
        places, required);
    if (!narrow(places, required)) return result;
  }
  return result;
}

Suited suited(const Hints& hints, const Candidates& candidates, Split::Places among) {
  Remembered* const remembered = KeptByThread<Remembered>::get();
  return remembered == nullptr ? suited(hints.parts(), candidates, among) : remembered->find(hints, candidates, among);
}

void SuitedSeats::find(const Hints& hints, std::span<const Target> targets) {
  places_.clear();
  passed_over_ = false;
  const Target* before = nullptr;
  for (const Target& target : targets) {
    if (before != nullptr && std::exchange(before, &target)->consumer == target.consumer) continue;
    before = &target;
    if (target.consumer >= places_.size()) places_.resize(target.consumer + std::size_t{1});
    if (target.candidates == nullptr) {  // a bridge is no version: it gets everything
      places_[target.consumer] = ~Split::Places{0};
      continue;
    }
    const Suited theirs = suited(hints, *target.candidates);
    places_[target.consumer] = theirs.places;
    passed_over_ |= theirs.passed_over || theirs.places == 0;
  }
}

}  // namespace shunt::host
