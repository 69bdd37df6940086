#pragma once
/// What the services and the serving loop share: the thing that a plugin holds as `shunt_runtime*`.

#include "attention.hpp"
#include "cancellations.hpp"
#include "command_box.hpp"
#include "crew.hpp"
#include "deferrals.hpp"
#include "hand.hpp"
#include "last_error.hpp"
#include "nested_calls.hpp"
#include "outbox.hpp"
#include "own_work.hpp"
#include "plugin_clock.hpp"
#include "threads_lock.hpp"
#include "timers.hpp"
#include "unanswered_failures.hpp"
#include "validation_book.hpp"

#include <shunt/plugin-kit/runtime/control_channel.hpp>
#include <shunt/plugin-kit/runtime/frames.hpp>
#include <shunt/plugin-kit/runtime/runtime.hpp>

#include <string_view>

/// Of serving threads; others reach `lock`, what is used under it once it is shared, `cancellations`,
/// `calls.cancel_waits()`, `contract`, `attention`, `own_work` and `clock`.
struct shunt_runtime {
  shunt_runtime(shunt::bus::LaneEnd& lane_end, const shunt::kit::Contract& agreed,
                const shunt::kit::ControlChannel& channel, shunt::kit::CommandBox& its_commands)
      : lane(lane_end),
        contract(agreed),
        control(channel),
        crew(agreed.workers, lock),
        cancellations(lane_end.shape().host_side.slots, agreed.workers),
        outbox(lane_end, its_commands, error),
        urgent(lane_end),
        deferrals(lane_end, agreed.in_flight_max, lock, outbox, its_commands, error),
        calls(lane_end, agreed.wait, lock, crew, outbox, cancellations, urgent, deferrals, its_commands, error),
        hand(crew.first()),
        commands(its_commands),
        clock(agreed.drives_clock, agreed.clock_ns) {}

  shunt::bus::LaneEnd& lane;
  const shunt::kit::Contract& contract;
  const shunt::kit::ControlChannel& control;
  shunt::kit::ThreadsLock lock;
  shunt::kit::LastError error;
  shunt::kit::Crew crew;
  shunt::kit::Cancellations cancellations;
  shunt::kit::Outbox outbox;
  shunt::kit::UrgentMessages urgent;
  shunt::kit::Deferrals deferrals;
  shunt::kit::NestedCalls calls;
  shunt::kit::ObjectRange object;
  shunt::kit::Hand& hand;  ///< Of the thread that runs the phases, too.
  shunt::kit::CommandBox& commands;
  bool may_send = false;      ///< From activate on: before, nothing has effects. Changed between phases only.
  bool may_set_will = false;  ///< From validate on. Changed likewise.
  shunt::kit::Attention attention;
  shunt::kit::OwnWork own_work;
  shunt::kit::PluginClock clock;
  shunt::kit::Timers timers;
  shunt::kit::ValidationBook validations;
  shunt::kit::UnansweredFailures unanswered;
  bool may_start_timers = false;  ///< From activate on, until cleanup begins. Changed between phases only.
};

namespace shunt::kit {

/// The table that plugins are given.
extern const shunt_services kServices;

/// The service of that name (last_will.cpp).
int set_will(shunt_runtime* runtime, const shunt_publication* how, const std::uint8_t* payload, std::size_t bytes);

/// Likewise (publish_batch.cpp).
int publish_batch(shunt_runtime* runtime, const shunt_publication* how, shunt_part* parts, std::size_t count,
                  std::size_t* published);
std::size_t room(shunt_runtime* runtime);

/// What the calling thread has in hand, if it may send; null leaves code and text.
Hand* hand_to_send(shunt_runtime& runtime, int& code) noexcept;

// Of that table, in timer_services.cpp.
std::int64_t clock_ns(shunt_runtime* runtime);
int timer_start(shunt_runtime* runtime, const shunt_timer* how, std::uint64_t* timer);
void timer_cancel(shunt_runtime* runtime, std::uint64_t timer);

/// Answers the request in hand with a failure; `thrown` goes along. Errors: those of Outbox::send.
int fail_in_hand(shunt_runtime& runtime, Hand& hand, ErrorCode code, std::string_view text) noexcept;

/// Counts and shows the failure of a publication's handler: nobody waits for an answer that could carry it.
void report_unanswered(shunt_runtime& runtime, Hand& hand, std::string_view text) noexcept;

/// In a catch block: notes where the exception was thrown and gives its text with that appended.
const char* describe_thrown(const shunt_runtime& runtime, Hand& hand, std::string_view what) noexcept;

}  // namespace shunt::kit
