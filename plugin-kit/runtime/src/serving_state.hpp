#pragma once
/// What the services and the serving loop share: the thing that a plugin holds as `shunt_runtime*`.

#include "cancellations.hpp"
#include "command_box.hpp"
#include "failure.hpp"
#include "last_error.hpp"
#include "nested_calls.hpp"
#include "outbox.hpp"

#include <shunt/plugin-kit/runtime/frames.hpp>
#include <shunt/plugin-kit/runtime/runtime.hpp>

#include <array>
#include <string_view>

namespace shunt::kit {

inline constexpr bus::MessageHeader kNoMessage{};

/// The message whose handler runs.
struct InHand {
  const bus::MessageHeader* header = &kNoMessage;  ///< The receiver's, until the next message is taken.
  bool answered = true;                            ///< True also for what wants no answer.
  bool failed = false;
};

}  // namespace shunt::kit

/// Of the serving thread; other threads reach `cancellations`, `calls.cancel_waits()` and `contract` only.
struct shunt_runtime {
  shunt_runtime(shunt::bus::LaneEnd& lane_end, const shunt::kit::Contract& agreed,
                const shunt::kit::CommandBox& commands)
      : lane(lane_end),
        contract(agreed),
        cancellations(lane_end.shape().host_side.slots),
        outbox(lane_end, commands, error),
        urgent(lane_end),
        calls(lane_end, agreed.wait, outbox, cancellations, urgent, error) {}

  shunt::bus::LaneEnd& lane;
  const shunt::kit::Contract& contract;
  shunt::kit::LastError error;
  shunt::kit::Cancellations cancellations;
  shunt::kit::Outbox outbox;
  shunt::kit::UrgentMessages urgent;
  shunt::kit::NestedCalls calls;
  shunt::kit::FailureBuilder failures;
  shunt::kit::ObjectRange object;
  shunt::kit::InHand in_hand;
  std::uint64_t failures_unanswered = 0;
  bool may_send = false;      ///< From activate on: before, nothing has effects.
  shunt::kit::Frames thrown;  ///< Of the exception described last, until it is sent or the next message begins.
  std::array<char, 2048> described{};  ///< Text of describe_exception.
};

namespace shunt::kit {

/// Whether the calling thread is the one that serves.
bool is_serving_thread() noexcept;
void become_serving_thread() noexcept;

/// The table that plugins are given.
extern const shunt_services kServices;

/// Answers the request in hand with a failure; `thrown` goes along. Errors: those of Outbox::send.
int send_failure(shunt_runtime& runtime, ErrorCode code, std::string_view text) noexcept;

/// Counts and shows the failure of a publication's handler: nobody waits for an answer that could carry it.
void report_unanswered(shunt_runtime& runtime, std::string_view text) noexcept;

/// In a catch block: notes where the exception was thrown and gives its text with that appended.
const char* describe_thrown(shunt_runtime& runtime, std::string_view what) noexcept;

}  // namespace shunt::kit
