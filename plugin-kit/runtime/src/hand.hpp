#pragma once
/// What one serving thread works on. Of that thread alone.

#include "failure.hpp"

#include <shunt/bus/message.hpp>
#include <shunt/plugin-kit/runtime/frames.hpp>

#include <array>
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
};

struct Hand {
  InHand in_hand;
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
