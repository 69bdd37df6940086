#pragma once
/// Calls as fast as they are answered, of which some are to fail from some moment on; and what their caller sees.

#include "bench_server_client.hpp"
#include "breaker.hpp"

#include <shunt/host.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace shunt::bench {

/// By one thread, which polls the host too.
class BreakerLoad {
 public:
  using Clock = std::chrono::steady_clock;

  /// `breaker` is the host's, from outside: of the same policy, and begun at the same moment.
  BreakerLoad(Host& host, Function<::bench::Ask, ::bench::Told> function, host::Breaker breaker,
              std::uint32_t in_flight)
      : host_(host), function_(std::move(function)), breaker_(std::move(breaker)), in_flight_max_(in_flight) {}

  /// Calls until it holds, or so long. Errors: those of calls that could not be made.
  template <typename Holds>
  Status call_until(Holds&& holds, std::chrono::nanoseconds within) {
    for (const auto until = Clock::now() + within; !holds() && Clock::now() < until;) SHUNT_CHECK(turn());
    return {};
  }
  /// So many of 1,000 calls are to fail from now on.
  void fail(std::uint32_t of_thousand) { failing_ = of_thousand; }
  /// Waits for those that are on their way.
  Status end();

  [[nodiscard]] std::uint64_t calls() const { return next_; }
  [[nodiscard]] std::uint64_t by_lts() const { return by_lts_; }
  /// That ended in another way than a call may here.
  [[nodiscard]] std::uint64_t lost() const { return lost_ + in_flight_; }

  // None: it has not come to that.
  /// When the first call that failed was sent.
  [[nodiscard]] std::optional<Clock::time_point> first_failure() const { return first_failure_; }
  /// When the breaker's condition held, by all outcomes until then.
  [[nodiscard]] std::optional<Clock::time_point> condition() const { return condition_; }
  /// When the last call was sent that the failing version has answered.
  [[nodiscard]] std::optional<Clock::time_point> last_sent() const { return last_sent_; }
  /// When the first answer of the lts was there.
  [[nodiscard]] std::optional<Clock::time_point> first_of_lts() const { return first_of_lts_; }

 private:
  Status turn();
  /// False: there is no room for it now.
  Result<bool> send();
  void take(Clock::time_point sent, const Result<Reply<::bench::Told>>& reply);
  /// After answers of the lts, too: where the host was the first to find the condition, nothing else comes any more.
  void look(Clock::time_point now);

  Host& host_;
  Function<::bench::Ask, ::bench::Told> function_;
  host::Breaker breaker_;
  std::uint32_t in_flight_max_;
  std::uint32_t failing_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t in_flight_ = 0;
  std::uint64_t by_lts_ = 0;
  std::uint64_t lost_ = 0;
  host::CallCounts counts_;
  std::optional<Clock::time_point> first_failure_;
  std::optional<Clock::time_point> condition_;
  std::optional<Clock::time_point> last_sent_;
  std::optional<Clock::time_point> first_of_lts_;
};

}  // namespace shunt::bench
