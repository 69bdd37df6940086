#pragma once
/// What the host reads after a crash: the signal, the address and the backtrace, or the exception that nobody caught
/// and where it was thrown; written into the lane by handlers.
///
///     install_crash_notes(lane->mine().crash);
///     const AlternateStack stack;               // on each thread whose stack overflows shall be noted

#include <shunt/bus/layout.hpp>
#include <shunt/plugin-kit/runtime/frames.hpp>

#include <memory>

namespace shunt::kit {

/// From now on SEGV, BUS, ILL, FPE, ABRT, TRAP and std::terminate write `note`, then end the process as they would
/// have. Once per process; `note` stays mapped until its end.
void install_crash_notes(bus::CrashNote& note) noexcept;

/// Frames inside `object` are written as offsets from now on.
void set_crash_object(const ObjectRange& object) noexcept;

/// A stack for this thread's signal handlers, so that the overflow of its own can be noted.
class AlternateStack {
 public:
  AlternateStack();
  ~AlternateStack();
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;

 private:
  struct Previous;
  std::unique_ptr<std::byte[]> memory_;
  std::unique_ptr<Previous> previous_;
};

}  // namespace shunt::kit
