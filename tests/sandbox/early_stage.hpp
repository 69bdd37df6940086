#pragma once
/// What a plugin finds around itself while it is loaded, when nobody can tell it anything: written into a copy of its
/// file, before the host reads that.
///
///     write_early_stage(plugin, copy, {.folder = "/tmp/stage", .stranger = 42});

#include <array>
#include <cstddef>
#include <cstdint>

namespace shunt::test {

inline constexpr std::size_t kEarlyMarkBytes = 32;

struct EarlyStage {
  std::array<char, kEarlyMarkBytes> mark;  ///< By which it is found in the file.
  std::array<char, 256> folder;            ///< Of the tester's; empty: nothing is tried.
  std::array<char, 64> only;               ///< The one act to be tried; empty: all that do not end the process.
  std::int32_t stranger;
  std::int32_t strangers_descriptor;
};

}  // namespace shunt::test
