#pragma once
/// How many instructions and system calls a publication takes, in the host and in the plugin, counted one by one.

#include "stepper.hpp"

#include <shunt/bench/setup.hpp>
#include <shunt/schemas/result.hpp>

#include <cstdint>

namespace shunt::bench {

/// Of one side, over all messages counted.
struct Count {
  std::uint64_t instructions = 0;  ///< Of a message: a quarter of what four in a row take most often.
  std::uint64_t least = 0;
  std::uint64_t most = 0;
  std::uint64_t system_calls = 0;  ///< Of all messages together.
};

struct Counts {
  Count host;    ///< From one publish() to the next.
  Count plugin;  ///< From one handler's entry to the next, while messages wait.
};

/// `messages` publications of 64 bytes, inline, to a plugin that stands still meanwhile, and then takes them all.
/// 1 .. 200, for they wait in the ring. Errors: what a host's start says; those of Stepper.
[[nodiscard]] Result<Counts> count_instructions(const char* launcher, Wait wait, std::size_t messages);

}  // namespace shunt::bench
