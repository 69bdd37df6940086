#pragma once
/// The steps at which a process can die in the middle of a message, named so that a test can kill it at each.
///
/// In what users run, reached() is empty. The kill-storm programs are built with SHUNT_STEPS and define it.

#include <cstdint>

namespace shunt::bus {

enum class Step : std::uint8_t {
  Loaned,         ///< A chunk is taken from the pool, nothing is built.
  Claimed,        ///< A ring slot is chosen, nothing is written.
  HeaderWritten,  ///< Header and payload are in the slot, the commit word is not.
  Committed,      ///< The message can be read, the doorbell is not rung.
  Rung,           ///< The send is complete.
  Harvested,      ///< A returned chunk is free again.
  Taken,          ///< A message was found, no mark is written.
  Begun,          ///< Marked as begun, the handler is not entered.
  Handled,        ///< The handler has left, no mark is written.
  Done,           ///< Marked as done, the slot is not freed.
  Freed,          ///< The slot may be written again.
  ReturnWritten,  ///< A chunk was given back.
  Stood,          ///< It is said how one message stands, out of turn.
};
inline constexpr std::uint8_t kSteps = 13;

/// Called at each step, on the thread that is there; takes no lock and may not return.
#ifdef SHUNT_STEPS
void reached(Step step) noexcept;
#else
inline void reached(Step) noexcept {}
#endif

}  // namespace shunt::bus
