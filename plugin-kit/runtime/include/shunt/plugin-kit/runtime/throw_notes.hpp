#pragma once
/// Where exceptions were thrown, noted at the throw: by the time one is caught its stack is gone.
///
/// The launcher puts its own `__cxa_throw` in front of the C++ library's and notes every throw here.

#include <shunt/plugin-kit/runtime/frames.hpp>

#include <cstdint>

namespace shunt::kit {

/// Notes that this thread throws `exception` from the code at `site`. No heap, no lock.
void note_throw(const void* exception, const void* site) noexcept;

/// In a catch block: the backtrace of the throw of the exception that is handled; empty when it was not noted, e.g.
/// because it was thrown on another thread.
[[nodiscard]] Frames frames_of_current_exception(const ObjectRange& object) noexcept;

}  // namespace shunt::kit
