#pragma once
/// A thread of another process, led instruction by instruction: exact counts of what it executes, in whatever sandbox
/// it is. An emulator such as callgrind would need memory and calls there that the sandbox denies.
///
///     SHUNT_TRY(stepper, Stepper::seize(thread));            // it stands still
///     SHUNT_TRY(rounds, stepper.follow(100));                // until it has passed mark() 101 times

#include <shunt/schemas/result.hpp>

#include <array>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace shunt::bench {

/// From one mark to the next.
struct Round {
  std::uint64_t instructions = 0;  ///< In user space; a repeated string instruction is one.
  std::uint64_t system_calls = 0;
};

/// Move-only; of the thread that made it. The thread that is led runs on freely when it goes.
class Stepper {
 public:
  /// `thread` is not one of this process, and of a user that we may trace. It is stopped when this returns.
  /// Errors: System (the machine does not allow it, or it has ended).
  [[nodiscard]] static Result<Stepper> seize(pid_t thread);

  Stepper(Stepper&& other) noexcept : thread_(std::exchange(other.thread_, 0)), kinds_(std::move(other.kinds_)) {}
  Stepper& operator=(Stepper&&) = delete;
  ~Stepper();

  /// Lets the thread go on to its next mark, and from there through `rounds` more. It stands still again afterwards.
  /// Errors: System (it ended on the way), DeadlineExceeded (no mark for a million instructions).
  [[nodiscard]] Result<std::vector<Round>> follow(std::size_t rounds);

 private:
  enum class Kind : std::uint8_t { Other, Mark, SystemCall };

  explicit Stepper(pid_t thread) : thread_(thread) {}
  Status step();
  [[nodiscard]] std::uint64_t place() const;
  Kind kind_at(std::uint64_t place);

  pid_t thread_;
  int signal_ = 0;                                 ///< That it is to get with its next step.
  std::unordered_map<std::uint64_t, Kind> kinds_;  ///< Of instructions seen: code does not change.
};

}  // namespace shunt::bench
