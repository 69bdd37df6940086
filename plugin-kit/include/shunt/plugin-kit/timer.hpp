#pragma once
/// Timers of a plugin: handlers that run when their time has come, and not when a message has.
///
///     shunt::Status activate() override {
///       SHUNT_TRY(beat, every(1ms, [this](const shunt::Context& context) { return steer(context); }));
///       beat_ = std::move(beat);
///       return {};
///     }

#include <shunt/plugin-kit/clock.hpp>
#include <shunt/plugin-kit/context.hpp>
#include <shunt/plugin-kit/link.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace shunt::kit {

/// This time.
struct Tick {
  Clock::time_point due{};  ///< When it was due; what comes late is late by context.now() - due.
  std::uint64_t missed =
      0;  ///< Periods that went by before it, because other handlers took that long: nobody makes up.
};

/// A timer that was started; it ends when this goes, and with cleanup. Move-only; of handlers and phases, one at a
/// time, on their thread.
class Timer {
 public:
  Timer() = default;
  Timer(const Link& link, std::uint64_t id) : link_(&link), id_(id) {}
  Timer(Timer&& other) noexcept : link_(other.link_), id_(std::exchange(other.id_, 0)) {}
  Timer& operator=(Timer&& other) noexcept {
    if (this != &other) {
      cancel();
      link_ = other.link_;
      id_ = std::exchange(other.id_, 0);
    }
    return *this;
  }
  ~Timer() { cancel(); }

  /// It does not run again. Also from its own handler, which goes when it has returned; so it does when it runs now on
  /// another worker: nobody waits for that.
  void cancel() noexcept {
    if (const auto id = std::exchange(id_, 0); id != 0) link_->services->timer_cancel(link_->runtime, id);
  }
  /// It goes on without this, until cleanup.
  void detach() && noexcept { id_ = 0; }

 private:
  const Link* link_ = nullptr;
  std::uint64_t id_ = 0;
};

/// What a timer's handler did wrong: counted, and now and then logged. For generated code.
void report_timer(const Link& link, const shunt_message& message, const Error& error) noexcept;
/// Only in a catch block.
void report_timer_threw(const Link& link, const shunt_message& message, const char* what) noexcept;
[[nodiscard]] Result<Timer> start_timer(const Link& link, const shunt_timer& how);

namespace detail {

template <typename Handler>
Status run_tick(Handler& handler, const Context& context, const Tick& tick) {
  const auto call = [&]() -> decltype(auto) {
    if constexpr (std::invocable<Handler&, const Context&, const Tick&>) return handler(context, tick);
    else if constexpr (std::invocable<Handler&, const Context&>) return handler(context);
    else return handler();
  };
  if constexpr (std::is_void_v<decltype(call())>) return call(), Status{};
  else return call();
}

}  // namespace detail

/// `handler` is kept until the timer has ended. Errors: those of Context::every.
template <typename Handler>
[[nodiscard]] Result<Timer> start_timer(const Link& link, std::chrono::nanoseconds delay,
                                        std::chrono::nanoseconds period, Handler&& handler) {
  struct Kept {
    const Link* link;
    std::decay_t<Handler> handler;
  };
  shunt_timer how{};
  how.size = sizeof how;
  how.delay_ns = delay.count();
  how.period_ns = period.count();
  how.data = new Kept{&link, std::forward<Handler>(handler)};  // whoever runs it releases it, also when it is refused
  how.release = [](void* data) { delete static_cast<Kept*>(data); };
  how.fire = [](void* data, const shunt_message* message, const shunt_tick* at) {
    auto& kept = *static_cast<Kept*>(data);
    const Link& its = *kept.link;
    try {
      const Context context(its, *message);
      const Tick tick{Clock::time_point{std::chrono::nanoseconds{at->due_ns}}, at->missed};
      const Status status = detail::run_tick(kept.handler, context, tick);
      if (!status) report_timer(its, *message, status.error());
    } catch (const std::exception& thrown) {
      report_timer_threw(its, *message, thrown.what());
    } catch (...) {
      report_timer_threw(its, *message, nullptr);
    }
  };
  return start_timer(link, how);
}

template <typename Handler>
Result<Timer> Context::every(std::chrono::nanoseconds period, Handler&& handler) const {
  if (period.count() <= 0) return error(ErrorCode::BadInput, "a period of {} ns; one above 0 is meant", period.count());
  return start_timer(*link_, period, period, std::forward<Handler>(handler));
}

template <typename Handler>
Result<Timer> Context::after(std::chrono::nanoseconds delay, Handler&& handler) const {
  return start_timer(*link_, delay, std::chrono::nanoseconds{0}, std::forward<Handler>(handler));
}

}  // namespace shunt::kit
