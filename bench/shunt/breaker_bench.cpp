/// Timed: from the moment that the breaker's condition holds, as one of the caller's own finds that looks at every
/// outcome, to the last call that was sent to the failing version, and to the first answer of the lts; and a call over
/// a route that has an lts beside one over a route that has none. Not timed: starting, and what is called until a whole
/// breaker of windows has nothing but successes. Tried again is the failing version only after an hour.

#include "breaker_bench.hpp"

#include "breaker_load.hpp"
#include "listed.hpp"

#include <shunt/bench/clock.hpp>
#include <shunt/bench/samples.hpp>

#include <algorithm>
#include <cstdio>
#include <vector>

#include <fmt/format.h>

namespace shunt::bench {
namespace {

using Clock = BreakerLoad::Clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr const char* kGuarded = "bench-server/guarded";
constexpr const char* kPlain = "bench-server/plain";

BreakerPolicy policy_of(const BreakerOptions& options) {
  BreakerPolicy policy = options.preset == "fast" ? BreakerPolicy::fast() : BreakerPolicy{};
  policy.open_for = std::chrono::hours{1};
  if (options.only_failures) policy.slow_after = std::chrono::nanoseconds{0};
  return policy;
}

Result<Host> start(const BreakerPolicy& policy, bool warm) {
  HostConfiguration configuration;
  configuration.name = "shunt-bench";
  configuration.routes.push_back({.name = kGuarded, .lts = "1.0.0", .breaker = policy});
  SHUNT_TRY(lts, listed_plugin("libbench-server-1.so"));
  SHUNT_TRY(serving, listed_plugin("libbench-server-2.so"));
  lts.warm = warm;
  serving.active = true;
  configuration.plugins = {std::move(lts), std::move(serving)};
  return Host::start(std::move(configuration));
}

/// When the host's breaker began: not before, and later by less than the fastest of these looks took.
Result<Clock::time_point> began(Host& host) {
  constexpr int kLooks = 20;
  std::optional<Clock::time_point> latest;
  for (int i = 0; i < kLooks; ++i) {
    const auto now = Clock::now();
    for (const RouteSnapshot& route : host.snapshot().routes)
      if (route.name == kGuarded && !route.breakers.empty())
        latest = std::max(latest.value_or(now - route.breakers.front().since), now - route.breakers.front().since);
  }
  if (!latest) return error(ErrorCode::System, "the host has no breaker on \"{}\"", kGuarded);
  return *latest;
}

struct Round {
  std::uint64_t calls = 0;
  std::uint64_t lost = 0;
  double calls_per_s = 0;     ///< Before any failed.
  double condition_ms = 0;    ///< It held, after the first failure.
  double off_ms = 0;          ///< Off the route, after the condition held.
  double lts_answers_ms = 0;  ///< Likewise.
};

Result<Round> measure(const BreakerOptions& options, bool warm) {
  const BreakerPolicy policy = policy_of(options);
  const auto history = policy.window * policy.windows;
  SHUNT_TRY(host, start(policy, warm));
  SHUNT_TRY(since, began(host));
  SHUNT_TRY(function, (host.function<::bench::Ask, ::bench::Told>(kGuarded)));
  BreakerLoad load{host, std::move(function), host::Breaker{policy, since}, options.in_flight};
  SHUNT_CHECK(load.call_until([] { return false; }, history + policy.window));
  Round round;
  round.calls_per_s =
      static_cast<double>(load.calls()) / std::chrono::duration<double>(history + policy.window).count();
  load.fail(options.failing);
  constexpr std::uint64_t kOfLts = 1000;
  constexpr std::chrono::seconds kMore{30};
  SHUNT_CHECK(
      load.call_until([&] { return load.by_lts() >= kOfLts && load.condition(); }, history + policy.below_for + kMore));
  SHUNT_CHECK(load.end());
  if (!load.condition() || !load.first_of_lts())
    return error(ErrorCode::System, "the {} did not come about: {} calls, {} by the lts",
                 load.condition() ? "lts" : "condition", load.calls(), load.by_lts());
  if (!load.first_failure() || *load.condition() < *load.first_failure())
    return error(ErrorCode::System, "calls were slow before any was to fail: nothing is measured on a busy machine");
  round.calls = load.calls();
  round.lost = load.lost();
  round.condition_ms = Milliseconds{*load.condition() - *load.first_failure()}.count();
  round.off_ms = Milliseconds{*load.last_sent() - *load.condition()}.count();
  round.lts_answers_ms = Milliseconds{*load.first_of_lts() - *load.condition()}.count();
  return round;
}

/// How many times as long a call takes over a route with an lts as over one without: the median of interleaved rounds.
Result<double> measure_call(const BreakerOptions& options) {
  constexpr int kRounds = 21, kCalls = 2000;
  SHUNT_TRY(host, start(policy_of(options), true));
  SHUNT_TRY(guarded, (host.function<::bench::Ask, ::bench::Told>(kGuarded)));
  SHUNT_TRY(plain, (host.function<::bench::Ask, ::bench::Told>(kPlain)));
  std::vector<std::uint64_t> room(kCalls);
  const auto call = [&](const Function<::bench::Ask, ::bench::Told>& function) -> Result<double> {
    Samples samples{room};
    for (int i = 0; i < kCalls; ++i) {
      const std::uint64_t before = ticks();
      SHUNT_TRY(reply, function([](auto& build) { return ::bench::CreateAsk(build, 1, false); }));
      samples.add(ticks() - before);
    }
    return percentile(room, 0.5);
  };
  std::vector<double> ratios;
  SHUNT_CHECK(call(plain));  // warms
  for (int round = 0; round < kRounds; ++round) {
    const bool turned = round % 2 == 1;
    SHUNT_TRY(first, call(turned ? plain : guarded));
    SHUNT_TRY(second, call(turned ? guarded : plain));
    ratios.push_back(turned ? second / first : first / second);
  }
  return median(ratios);
}

struct Spread {
  double median = 0;
  double max = 0;
};

Spread spread(const std::vector<Round>& rounds, double Round::*member) {
  std::vector<double> values;
  values.reserve(rounds.size());
  for (const Round& each : rounds) values.push_back(each.*member);
  return {median(values), *std::ranges::max_element(values)};
}

std::uint64_t sum(const std::vector<Round>& rounds, std::uint64_t Round::*member) {
  std::uint64_t sum = 0;
  for (const Round& each : rounds) sum += each.*member;
  return sum;
}

struct Found {
  std::vector<Round> warm;
  std::vector<Round> cold;
  double call_ratio = 0;
};

Result<Found> measure_all(const BreakerOptions& options) {
  Found found;
  for (std::uint32_t i = 0; i < options.rounds; ++i) {
    SHUNT_TRY(warm, measure(options, true));
    SHUNT_TRY(cold, measure(options, false));
    found.warm.push_back(warm);
    found.cold.push_back(cold);
  }
  SHUNT_TRY(ratio, measure_call(options));
  found.call_ratio = ratio;
  return found;
}

void print(const BreakerOptions& options, const Found& found) {
  const BreakerPolicy policy = policy_of(options);
  const double least = Milliseconds{*host::least_until_open(policy, options.failing)}.count();
  const auto each = [&](auto&& say) { say("warm", found.warm), say("cold", found.cold); };
  if (options.json) {
    fmt::print(R"({{"preset": "{}", "failing_of_1000": {}, "rounds": {}, "least_until_open_ms": {:.1f}, )"
               R"("call_ratio": {:.3f})",
               options.preset, options.failing, options.rounds, least, found.call_ratio);
    each([&](const char* lts, const std::vector<Round>& rounds) {
      const Spread condition = spread(rounds, &Round::condition_ms), off = spread(rounds, &Round::off_ms),
                   answers = spread(rounds, &Round::lts_answers_ms);
      fmt::print(R"(, "{}": {{"calls": {}, "lost": {}, "calls_per_s": {:.0f}, "condition_after_first_failure_ms": )"
                 R"({:.2f}, "off_after_condition_ms": {:.2f}, "off_after_condition_max_ms": {:.2f}, )"
                 R"("lts_answers_after_condition_ms": {:.2f}, "lts_answers_after_condition_max_ms": {:.2f}}})",
                 lts, sum(rounds, &Round::calls), sum(rounds, &Round::lost), spread(rounds, &Round::calls_per_s).median,
                 condition.median, off.median, off.max, answers.median, answers.max);
    });
    fmt::print("}}\n");
    return;
  }
  fmt::print("preset \"{}\": {} of 1,000 calls begin to fail; {} rounds each; medians and maxima\n", options.preset,
             options.failing, options.rounds);
  each([&](const char* lts, const std::vector<Round>& rounds) {
    const Spread condition = spread(rounds, &Round::condition_ms), off = spread(rounds, &Round::off_ms),
                 answers = spread(rounds, &Round::lts_answers_ms);
    fmt::print("a {} lts, at {:.0f} calls/s: {} calls, {} without an outcome\n", lts,
               spread(rounds, &Round::calls_per_s).median, sum(rounds, &Round::calls), sum(rounds, &Round::lost));
    fmt::print("  the condition holds {:.1f} ms ({:.1f}) after the first failure; least of this preset: {:.1f} ms\n",
               condition.median, condition.max, least);
    fmt::print(
        "  the version is off its route {:.2f} ms ({:.2f}) later, and the lts answers after {:.2f} ms ({:.2f})\n",
        off.median, off.max, answers.median, answers.max);
  });
  fmt::print("a call over a route with an lts takes {:.3f} times as long as over one without\n", found.call_ratio);
}

}  // namespace

int run_breaker_bench(const BreakerOptions& options) {
  const auto found = measure_all(options);
  if (!found) {
    std::fprintf(stderr, "shunt-bench: %s\n", to_string(found.error()).c_str());
    return 1;
  }
  print(options, *found);
  return sum(found->warm, &Round::lost) + sum(found->cold, &Round::lost) == 0 ? 0 : 1;
}

}  // namespace shunt::bench
