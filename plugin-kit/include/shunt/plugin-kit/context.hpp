#pragma once
/// What a handler knows about the message it works on. Ends with the handler; nothing of it blocks or allocates.
///
///     if (context.remaining() < 50us) return shunt::error(shunt::ErrorCode::DeadlineExceeded, "no time to search");

#include <shunt/plugin-kit/clock.hpp>
#include <shunt/plugin-kit/link.hpp>
#include <shunt/plugin-kit/log.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace shunt::kit {

class Timer;

class Context {
 public:
  Context(const Link& link, const shunt_message& message) : link_(&link), message_(&message) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// When nobody waits any more, on the launcher's monotonic clock; absent for a publication.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> deadline() const {
    if (message_->deadline_ns == 0) return {};
    return std::chrono::nanoseconds(message_->deadline_ns);
  }

  /// Time until the deadline, 0 once it passed; nanoseconds::max() for a publication. Reads the clock.
  [[nodiscard]] std::chrono::nanoseconds remaining() const {
    if (message_->deadline_ns == 0) return std::chrono::nanoseconds::max();
    const auto left = message_->deadline_ns - link_->services->now_ns(link_->runtime);
    return std::chrono::nanoseconds(std::max<std::int64_t>(left, 0));
  }

  /// Nobody waits for the answer any more: stop, return whatever. Any thread, while the handler runs. Never in a
  /// timer's handler.
  [[nodiscard]] bool cancelled() const { return link_->services->cancelled(link_->runtime, message_) != 0; }

  /// An earlier instance died while it handled this message, and may have done it already.
  [[nodiscard]] bool redelivered() const { return (message_->flags & SHUNT_REDELIVERED) != 0; }

  /// It was published before this instance was there: the topic keeps the last for those who come late.
  [[nodiscard]] bool latched() const { return (message_->flags & SHUNT_LATCHED) != 0; }

  /// It is what its publisher left with the host in case that it vanished, as it has: it overtook what waited.
  [[nodiscard]] bool is_last_will() const { return (message_->flags & SHUNT_LAST_WILL) != 0; }

  /// The plugin's clock. Any thread, while the handler runs.
  [[nodiscard]] Clock::time_point now() const {
    return Clock::time_point{std::chrono::nanoseconds{link_->services->clock_ns(link_->runtime)}};
  }

  /// Runs `handler` once in every `period`, the first time one period from now, on the serving thread between messages,
  /// until the Timer goes or cleanup begins; include <shunt/plugin.hpp>, which has the handler's side in timer.hpp. It
  /// takes nothing, (const Context&) or (const Context&, const Tick&), and returns nothing or a Status; what it returns
  /// or throws is counted, and logged now and then. It may call and publish. When it is due follows from its start
  /// alone: it does not drift, and periods for which there was no time are missed, and counted. Where there are several
  /// workers, any one of them runs it, beside handlers of messages and no other timer. Only in activate and handlers,
  /// on their thread; allocates. Errors: BadInput (a period that is not above 0), Undeclared (before activate),
  /// QuotaExceeded (1024 timers).
  template <typename Handler>
  [[nodiscard]] Result<Timer> every(std::chrono::nanoseconds period, Handler&& handler) const;
  /// The same, once, `delay` (at least 0) from now.
  template <typename Handler>
  [[nodiscard]] Result<Timer> after(std::chrono::nanoseconds delay, Handler&& handler) const;

  /// When what this message tells of came about, as the first of its chain said, on CLOCK_MONOTONIC; none: nobody did.
  /// What its handler answers, calls and publishes has the same, unless it says otherwise.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> origin() const {
    if (message_->origin_ns == 0) return {};
    return std::chrono::nanoseconds(message_->origin_ns);
  }

  /// What the first of its chain wants of the versions that handle it, in the one form that Hints::text() has: "2" or
  /// "^1.4;region=bj;required"; empty: nothing. What its handler calls goes by the same; publications do not.
  [[nodiscard]] std::string_view hints() const { return {message_->hints, message_->hints_bytes}; }

  /// Names this message among those of the instance; 0 in a timer's handler.
  [[nodiscard]] std::uint64_t token() const { return message_->token; }

  [[nodiscard]] Log log() const { return Log{*link_}; }

  /// The message as the C ABI has it. For generated code.
  [[nodiscard]] const shunt_message& message() const { return *message_; }

 private:
  const Link* link_;
  const shunt_message* message_;
};

}  // namespace shunt::kit
