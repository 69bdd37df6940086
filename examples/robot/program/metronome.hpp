#pragma once
/// Wakes the calling thread at every period of the loop, and says how late each time.
///
///     Metronome metronome;
///     while (drives) { late.add(metronome.wait()); ... }

#include <shunt/schemas/result.hpp>

#include <cstdint>

namespace robot_demo {

/// CLOCK_MONOTONIC, nanoseconds.
[[nodiscard]] std::int64_t now_ns();

/// The first period begins now. One that begins late does not move the others: who missed some comes through them
/// without a pause.
class Metronome {
 public:
  Metronome();
  /// Sleeps until the next period begins. How long ago that was when the thread woke up, in nanoseconds.
  [[nodiscard]] std::int64_t wait();

 private:
  std::int64_t next_ns_;
};

/// From here on every thread that this process has goes before what is not real-time (SCHED_FIFO, priority 50), and the
/// process stays in memory. The threads of the host are among them: they find out that a plugin has died. Processes
/// that it starts are none. Errors: System (take root, or `ulimit -r 50 -l unlimited`).
[[nodiscard]] shunt::Status become_realtime();

}  // namespace robot_demo
