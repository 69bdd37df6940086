#pragma once
/// How a peer can break the lane's contract. One breach ends the instance, with this reason.

#include <cstdint>
#include <string_view>

namespace shunt::bus {

enum class Breach : std::uint8_t {
  None = 0,
  PositionBackwards,  ///< A read position or a mark went backwards.
  PositionAhead,      ///< A read position or a mark is beyond what was sent.
  CommitWord,         ///< A commit word is neither the last lap's nor the next.
  ReturnTag,          ///< A returned item carries a tag that is neither the last lap's nor the next.
  ReturnOutOfRange,   ///< A returned item names a chunk that the pool does not have.
  ReturnNotHeld,      ///< A returned item names a chunk or a generation that this lane does not hold.
  PayloadPlace,       ///< A payload is said to lie neither in the message nor in a chunk, or in another pool.
  PayloadOutOfRange,  ///< A payload names a chunk that the pool does not have.
  PayloadSize,        ///< A payload is larger than its place.
  PayloadStillHeld,   ///< A chunk was sent again before it was returned.
  Kind,               ///< A message kind that this side does not accept.
  Route,              ///< A route that this instance may not use.
  Correlation,        ///< A reply to nothing that is in flight on this lane.
  Parent,             ///< A nested call on behalf of nothing that is in flight on this lane.
  Control,            ///< A control packet that is malformed or out of turn.
};

/// One line for people, e.g. "a returned chunk is not held by this lane at this generation".
std::string_view describe(Breach breach) noexcept;

/// The enum's own spelling, for JSON and tests.
std::string_view name(Breach breach) noexcept;

}  // namespace shunt::bus
