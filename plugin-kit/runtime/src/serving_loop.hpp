#pragma once
/// Takes messages off the lane, one at a time, and enters the plugin's handlers.
///
/// As long as each message is done before the next is taken, the lane's positions say all there is to say. Once an
/// answer is deferred, serving_out_of_order.cpp serves, until all are done again; where there are several workers,
/// always.

#include "catch_all.hpp"
#include "health_teller.hpp"
#include "patience.hpp"
#include "phases.hpp"
#include "route_index.hpp"

#include <shunt/bus/clock.hpp>

#include <array>
#include <atomic>
#include <optional>
#include <vector>

namespace shunt::kit {

class ServingLoop {
 public:
  ServingLoop(shunt_runtime& runtime, const Phases& phases, CommandBox& commands, HealthTeller& health,
              const ControlChannel& host);

  /// Serves until a command waits, and until the workers have left. False: the host broke the lane's contract, and
  /// nothing more can be served.
  bool run() noexcept;
  /// The same for one of several workers, by its own thread.
  bool work(Hand& hand) noexcept;

 private:
  /// What is to be done with a request whose turn it is.
  enum class Turn : std::uint8_t { Handle, Expired, Cancelled, NoSuchFunction };

  bool serve_one() noexcept;
  bool serve_request(Hand& hand, const bus::Incoming& incoming) noexcept;
  void serve_publication(Hand& hand, const bus::Incoming& incoming) noexcept;
  void take_in_hand(Hand& hand, const bus::Incoming& incoming, Answered answered) noexcept;
  [[nodiscard]] Turn turn_of(const bus::MessageHeader& header, std::uint64_t position,
                             std::uint32_t& index) const noexcept;
  /// Answers without entering the handler.
  void refuse(Hand& hand, const bus::Incoming& incoming, Turn why) noexcept;
  void handle(Hand& hand, const bus::Incoming& incoming, std::uint32_t index) noexcept;
  void receive(Hand& hand, const bus::Incoming& incoming, std::uint32_t index) noexcept;
  void count(const Hand& hand) noexcept;
  /// Ours alone to write, or under the lock, so no locked instruction is needed. Relaxed: nothing hangs on a count.
  static void add_one(std::atomic<std::uint64_t>& counter) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  shunt_message message(const bus::Incoming& incoming, std::uint32_t index) const noexcept;
  void sleep() noexcept;

  /// One message that ends in another order than it came, or is urgent: from the moment that its turn comes until its
  /// handler is left.
  struct Taken {
    alignas(16) std::array<std::byte, bus::kInlineBytesMax> slot;
    bus::Incoming incoming;
    Turn turn = Turn::Handle;
    std::optional<std::uint32_t> index;
    bool urgent = false;
  };

  // serving_attention.cpp
  bool attend(Hand& hand) noexcept;
  bool begin_attending(Hand& hand) noexcept;
  void end_attending() noexcept;
  [[nodiscard]] bool has_attention_turn() const noexcept;
  [[nodiscard]] std::int64_t timers_due_ns_held() noexcept;

  // serving_timers.cpp
  bool run_timers(Hand& hand, std::int64_t now_ns) noexcept;
  bool advance_clock(Hand& hand) noexcept;
  void fire(Hand& hand, const Timers::Timer& timer, const shunt_tick& tick) noexcept;

  // serving_urgent.cpp
  bool serve_urgent(Hand& hand) noexcept;
  [[nodiscard]] bool has_urgent_turn() const noexcept;
  void take_urgent(Taken& taken) noexcept;
  void leave_urgent(const bus::MessageHeader& header) noexcept;

  // serving_out_of_order.cpp
  bool serve_out_of_order(Hand& hand) noexcept;
  bool take(Hand& hand, Taken& taken) noexcept;
  void enter(Hand& hand, Taken& taken, std::uint64_t position) noexcept;
  [[nodiscard]] std::uint64_t next_position(const ThreadsLock::Hold& hold, std::int64_t now_ns) noexcept;
  [[nodiscard]] bool may_enter(const bus::MessageHeader& header, std::uint64_t position,
                               std::int64_t now_ns) const noexcept;
  void leave(Hand& hand, const Taken& taken) noexcept;
  void leave_deferred(Hand& hand) noexcept;
  [[nodiscard]] bool has_turn_held() noexcept;
  [[nodiscard]] std::chrono::nanoseconds until_due_held() noexcept;
  [[nodiscard]] std::chrono::nanoseconds longest_rest_held() noexcept;  // workers.cpp

  shunt_runtime& runtime_;
  bus::LaneEnd& lane_;
  const Phases& phases_;
  CommandBox& commands_;
  HealthTeller& health_;
  const ControlChannel& host_;
  RouteIndex functions_;
  RouteIndex topics_in_;
  std::uint32_t requests_running_ = 0;  // of messages that were Taken
  std::vector<bool> topics_busy_;       // by topic in: a handler of it runs, of a message that was Taken
  /// Of several workers, one at a time does what is to be done beside messages. MissedByOthers: they counted on it for
  /// timers that came due meanwhile.
  enum class Attending : std::uint8_t { No, Yes, MissedByOthers };
  std::atomic<Attending> attending_{Attending::No};  // changed under the lock
};

// Here and not in a source file: left apart, the steps of a message cost a fifth of it in calls.

inline void ServingLoop::take_in_hand(Hand& hand, const bus::Incoming& incoming, Answered answered) noexcept {
  hand.in_hand = {&incoming.header, answered, false};
  hand.thrown.count = 0;
  runtime_.cancellations.begin(hand.index, incoming.header.correlation);
}

inline shunt_message ServingLoop::message(const bus::Incoming& incoming, std::uint32_t index) const noexcept {
  const bus::MessageHeader& header = incoming.header;
  static_assert(SHUNT_REDELIVERED == bus::flag::kRedelivered && SHUNT_LATCHED == bus::flag::kLatched &&
                SHUNT_LAST_WILL == bus::flag::kLastWill);
  constexpr std::uint32_t kTold = SHUNT_REDELIVERED | SHUNT_LATCHED | SHUNT_LAST_WILL;
  return {index,
          header.flags & kTold,
          header.correlation,
          bus::deadline_of(header),
          reinterpret_cast<const std::uint8_t*>(incoming.payload.data()),
          incoming.payload.size(),
          bus::origin_of(header),
          incoming.hints.data(),
          incoming.hints.size()};
}

inline ServingLoop::Turn ServingLoop::turn_of(const bus::MessageHeader& header, std::uint64_t position,
                                              std::uint32_t& index) const noexcept {
  if (header.deadline_ns != 0 && bus::now_ns() >= header.deadline_ns) return Turn::Expired;
  if (runtime_.cancellations.before_its_turn(position)) return Turn::Cancelled;
  const auto found = functions_.find(header.route);
  if (!found) return Turn::NoSuchFunction;
  index = *found;
  return Turn::Handle;
}

[[gnu::always_inline]] inline void ServingLoop::handle(Hand& hand, const bus::Incoming& incoming,
                                                       std::uint32_t index) noexcept {
  take_in_hand(hand, incoming, Answered::NotYet);
  const shunt_message request = message(incoming, index);
  const char* const thrown = catch_all(runtime_, hand, [&] { phases_.descriptor().handle(phases_.self(), &request); });
  if (thrown != nullptr) hand.in_hand.failed = true;
  if (hand.in_hand.answered == Answered::NotYet)
    fail_in_hand(runtime_, hand, ErrorCode::PluginFailed,
                 thrown != nullptr ? thrown : "the handler returned without an answer");
}

inline void ServingLoop::receive(Hand& hand, const bus::Incoming& incoming, std::uint32_t index) noexcept {
  take_in_hand(hand, incoming, Answered::Given);
  const shunt_message publication = message(incoming, index);
  const char* const thrown =
      catch_all(runtime_, hand, [&] { phases_.descriptor().receive(phases_.self(), &publication); });
  if (thrown != nullptr) report_unanswered(runtime_, hand, thrown);
}

inline void ServingLoop::count(const Hand& hand) noexcept {
  bus::Statistics& statistics = lane_.mine().statistics;
  if (hand.in_hand.failed) add_one(statistics.failed);
  add_one(statistics.handled);
}

}  // namespace shunt::kit
