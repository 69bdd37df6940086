#pragma once
/// What one serving thread works on. Of that thread alone, but for what others wake it with.

#include "failure.hpp"
#include "seat.hpp"

#include <shunt/bus/message.hpp>
#include <shunt/plugin-kit/runtime/frames.hpp>

#include <array>
#include <atomic>
#include <cstdint>

namespace shunt::kit {

inline constexpr bus::MessageHeader kNoMessage{};

/// The answer to the message in hand. Given: also where none is wanted.
enum class Answered : std::uint8_t { NotYet, Given, Later };

/// The message whose handler runs.
struct InHand {
  const bus::MessageHeader* header = &kNoMessage;  ///< Stays until the next message is taken.
  Answered answered = Answered::Given;
  bool failed = false;
  bool timer = false;  ///< There is none: a timer's handler runs.
};

/// The call that the handler waits for. Under the threads' lock, but `arrived`.
struct Awaited {
  std::uint64_t correlation = 0;  ///< 0: of none.
  std::uint32_t answer = 0;       ///< Where it is put.
  std::atomic<bool> arrived{false};
};

struct Hand {
  explicit Hand(std::uint32_t number = 0) : index(number) {}

  const std::uint32_t index;  ///< Of the thread among those that serve.
  InHand in_hand;
  Awaited awaited;
  Seat seat;
  std::uint64_t position = kInTurn;  ///< Of the message in hand, in the ring of data.
  Frames thrown;                     ///< Of the exception described last, until it is sent or the next message begins.
  std::array<char, 2048> described{};  ///< Text of describe_exception.
  FailureBuilder failures;

  static constexpr std::uint64_t kInTurn = UINT64_MAX;  ///< The position is that of the message taken last.
};

/// The calling thread's; null when it is none that serves.
[[nodiscard]] Hand* this_hand() noexcept;
void become_serving_thread(Hand& hand) noexcept;

}  // namespace shunt::kit
