#include "breaker_load.hpp"

#include <algorithm>

#include <sched.h>

namespace shunt::bench {
namespace {

constexpr std::uint32_t kLts = 1;
constexpr std::chrono::seconds kDeadline{5};

}  // namespace

Status BreakerLoad::turn() {
  while (in_flight_ < in_flight_max_) {
    SHUNT_TRY(went, send());
    if (!went) break;
  }
  SHUNT_TRY(callbacks, host_.poll());
  if (callbacks == 0) ::sched_yield();
  return {};
}

Result<bool> BreakerLoad::send() {
  const std::uint64_t number = next_;
  const bool fails = number * failing_ % 1000 < failing_;  // spread evenly
  const auto sent = Clock::now();
  const auto started = function_.call_async(
      [&](auto& build) { return ::bench::CreateAsk(build, number, fails); }, {.deadline = kDeadline},
      [this, sent](const Result<Reply<::bench::Told>>& reply) { take(sent, reply); });
  if (!started && started.error().code == ErrorCode::RingFull) return false;
  if (!started) return tl::make_unexpected(started.error());
  ++next_;
  ++in_flight_;
  return true;
}

void BreakerLoad::take(Clock::time_point sent, const Result<Reply<::bench::Told>>& reply) {
  const auto now = Clock::now();
  --in_flight_;
  if (reply && (*reply)->version() == kLts) {
    ++by_lts_;
    if (!first_of_lts_) first_of_lts_ = now;
    return look(now);
  }
  const bool failed = !reply && reply.error().code == ErrorCode::PluginFailed;
  if (!reply && !failed) return static_cast<void>(++lost_);
  last_sent_ = std::max(last_sent_.value_or(sent), sent);
  if (failed && !first_failure_) first_failure_ = sent;
  const auto slow_after = breaker_.policy().slow_after;
  const bool slow = slow_after.count() != 0 && now - sent >= slow_after;
  counts_ += {.calls = 1, .failed = failed && !slow ? 1u : 0u, .slow = slow ? 1u : 0u};
  look(now);
}

void BreakerLoad::look(Clock::time_point now) {
  if (!condition_ && breaker_.look(now, counts_) == host::BreakerState::Open) condition_ = now;
}

Status BreakerLoad::end() {
  for (const auto until = Clock::now() + kDeadline; in_flight_ > 0 && Clock::now() < until;) {
    SHUNT_TRY(callbacks, host_.poll());
    if (callbacks == 0) ::sched_yield();
  }
  return {};
}

}  // namespace shunt::bench
