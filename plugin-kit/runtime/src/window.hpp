#pragma once
/// Messages that were taken from the ring of data and are not done, where they end in another order than they came.
///
///     first_ ... begun_ ... end_      no more than half of the ring, so that the other half goes on
///
/// The positions in the lane say what is done from the start on; of those behind the first that is not, a Standing says
/// it, so that after a death each has the outcome that it has to have. A chunk stays with its message until that is
/// done, because it cannot be sent again without: of deferred ones up to an eighth of each class.

#include <shunt/bus/lane.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace shunt::kit {

/// Its owner locks. Allocates at creation only.
class Window {
 public:
  static constexpr std::uint32_t kPlacesMax = 1024;

  /// `lane`: the plugin's end.
  explicit Window(bus::LaneEnd& lane)
      : receiver_(lane.receiver),
        inbound_(lane.shape().inbound),
        places_(std::min(lane.shape().host_side.slots / 2, kPlacesMax)) {}

  [[nodiscard]] bool empty() const noexcept { return first_ == end_; }
  [[nodiscard]] bool has_room() const noexcept { return end_ - first_ < places_.size(); }
  /// Whether there is room, or would be once let_go() was asked.
  [[nodiscard]] bool may_take() const noexcept { return has_room() || may_let_go(); }
  /// Messages whose turn has not come.
  [[nodiscard]] std::uint32_t waiting() const noexcept { return waiting_; }

  /// Keeps the message that the receiver gave last: it waits. Only while there is room. Where it stands in the ring.
  std::uint64_t take(const bus::Incoming& incoming) noexcept {
    const std::uint64_t position = add(incoming);
    place(position).state = kWaiting;
    ++waiting_;
    stand(position, bus::Standing::Waiting);
    return position;
  }
  /// The same for one that was begun in its turn, while there is no other.
  std::uint64_t keep(const bus::Incoming& incoming) noexcept {
    const std::uint64_t position = add(incoming);
    place(position).state = kEntered;
    begun_ = end_;
    return position;
  }

  /// The first that waits of which `may_enter(const Incoming&, position)` says yes; UINT64_MAX when there is none.
  template <typename MayEnter>
  [[nodiscard]] std::uint64_t next(MayEnter&& may_enter) const noexcept {
    if (waiting_ == 0) return UINT64_MAX;
    for (std::uint64_t position = first_; position < end_; ++position)
      if (place(position).state == kWaiting && may_enter(place(position).incoming, position)) return position;
    return UINT64_MAX;
  }

  /// One that waited is begun. A copy of it: the place, and the slot that an inline payload lies in, may be another's
  /// before its handler is left.
  bus::Incoming enter(std::uint64_t position) noexcept {
    place(position).state = kEntered;
    --waiting_;
    stand(position, bus::Standing::AsMarked);
    if (begun_ <= position) receiver_.mark_begun_below(begun_ = position + 1);
    return place(position).incoming;
  }
  /// Its handler defers the answer.
  void owe(std::uint64_t position) noexcept { place(position).state |= kOwed; }
  /// Its handler is left; `header` as enter() gave it.
  void leave(std::uint64_t position, bus::MessageHeader header) noexcept {
    if (position < first_) return give_back(header);  // it was let go
    Place& place = this->place(position);
    place.state &= ~kEntered;
    if (place.state == 0) return done(position);
    stand(position, bus::Standing::Deferred);
    if (header.place != bus::Place::Chunk) return;
    const std::uint32_t size_class = header.chunk.size_class();
    place.keeps_chunk = kept_[size_class] < inbound_.classes()[size_class].chunks / 8;
    if (place.keeps_chunk) ++kept_[size_class];
    else give_back(place.incoming.header);
  }
  /// What it owed is answered.
  void answered(std::uint64_t position) noexcept {
    if (position < first_) return;  // it was let go
    place(position).state &= ~kOwed;
    if (place(position).state == 0) done(position);
  }
  /// Makes room, if it is a request that is in the way, in its handler or behind it: after a death its outcome will be
  /// unknown. A publication in its handler stays, because nobody else would know that its outcome is.
  bool let_go() noexcept {
    if (!may_let_go()) return false;
    Place& first = place(first_);
    if ((first.state & kEntered) != 0) first.incoming.header.place = bus::Place::None;  // its handler reads the chunk
    first.state = 0;
    done(first_);
    return true;
  }

 private:
  static constexpr std::uint8_t kWaiting = 1;
  static constexpr std::uint8_t kEntered = 2;
  static constexpr std::uint8_t kOwed = 4;

  struct Place {
    bus::Incoming incoming;
    std::uint8_t state = 0;  ///< 0: done.
    bus::Standing standing = bus::Standing::AsMarked;
    bool keeps_chunk = false;
  };

  [[nodiscard]] bool may_let_go() const noexcept {
    const Place& first = place(first_);
    return !empty() && first.state != kWaiting && first.incoming.header.kind == bus::Kind::Request;
  }
  [[nodiscard]] Place& place(std::uint64_t position) noexcept { return places_[position & (places_.size() - 1)]; }
  [[nodiscard]] const Place& place(std::uint64_t position) const noexcept {
    return places_[position & (places_.size() - 1)];
  }

  std::uint64_t add(const bus::Incoming& incoming) noexcept {
    const std::uint64_t position = receiver_.position(bus::Ring::Data) - 1;
    if (empty()) first_ = begun_ = position;
    end_ = position + 1;
    place(position) = {incoming};
    return position;
  }
  void stand(std::uint64_t position, bus::Standing standing) noexcept {
    place(position).standing = standing;
    receiver_.set_standing(position, standing);
  }
  void give_back(bus::MessageHeader& header) noexcept {
    if (header.place == bus::Place::Chunk) receiver_.give_back(header.chunk, header.generation);
    header.place = bus::Place::None;
  }
  /// First it is said that it is done, then its chunk goes: without that it would count as begun.
  void done(std::uint64_t position) noexcept {
    if (position == first_) advance();
    else stand(position, bus::Standing::Done);
    Place& place = this->place(position);
    if (place.keeps_chunk) --kept_[place.incoming.header.chunk.size_class()];
    place.keeps_chunk = false;
    give_back(place.incoming.header);
  }
  void advance() noexcept {
    const std::uint64_t from = first_;
    while (first_ < end_ && place(first_).state == 0) ++first_;
    receiver_.mark_done_below(first_);
    for (std::uint64_t position = from; position < first_; ++position)
      if (place(position).standing != bus::Standing::AsMarked) stand(position, bus::Standing::AsMarked);
    receiver_.free_below(first_);
  }

  bus::LaneReceiver& receiver_;
  bus::PoolGeometry inbound_;
  std::vector<Place> places_;  // a power of two; by position
  std::uint64_t first_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t end_ = 0;
  std::uint32_t waiting_ = 0;
  std::array<std::uint32_t, bus::kClassesMax> kept_{};  // chunks of deferred ones
};

}  // namespace shunt::kit
