#include "split.hpp"

#include <algorithm>
#include <bit>

namespace shunt::host {

Split::Split(std::shared_ptr<const Choice> choice, const std::vector<Place>& places)
    : choice_(std::move(choice)), instead_(places.size()) {
  std::vector<Places> groups;  // those of each that are up
  for (std::size_t place = 0; place < places.size(); ++place) {
    all_ |= Places{1} << place;
    if (!places[place].up) continue;
    up_ |= Places{1} << place;
    groups.resize(std::max<std::size_t>(groups.size(), places[place].group + 1));
    groups[places[place].group] |= Places{1} << place;
  }
  for (std::size_t place = 0; place < places.size(); ++place) {
    const Place& each = places[place];
    const Places others = each.group < groups.size() ? groups[each.group] : 0;
    instead_[place] = others != 0 || each.comes_back ? others : up_;
    if (each.up || instead_[place] == 0) settled_ |= Places{1} << place;
  }
}

/// Keys and numbers are spread over them evenly.
std::size_t Split::one_of(Places places, const Pick& pick) noexcept {
  const auto count = static_cast<std::uint64_t>(std::popcount(places));
  std::uint64_t left = (pick.key != 0 ? Choice::bucket_of(pick.key) : pick.number) % count;
  for (; left > 0; --left) places &= places - 1;
  return static_cast<std::size_t>(std::countr_zero(places));
}

}  // namespace shunt::host
