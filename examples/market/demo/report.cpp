#include "report.hpp"

#include <fmt/format.h>

namespace market_demo {
namespace {

struct Latencies {
  std::int64_t p50_ns;
  std::int64_t p99_ns;
};

Latencies alone(const Options& options, const Ledger& ledger) {
  // A replay too short to send any alone has its first one, which is alone anyhow.
  const std::uint64_t end = std::max<std::uint64_t>(options.alone(), 1);
  return {ledger.latency_ns(0, end, 0.50), ledger.latency_ns(0, end, 0.99)};
}

Latencies at_full_rate(const Options& options, const Ledger& ledger) {
  const std::uint64_t first = options.alone();
  return {ledger.latency_ns(first, options.messages, 0.50), ledger.latency_ns(first, options.messages, 0.99)};
}

std::string shares(const Ledger& ledger, const char* format, const char* between) {
  std::string text;
  for (const auto& [version, count] : ledger.by_version()) {
    if (!text.empty()) text += between;
    text += fmt::format(fmt::runtime(format), version, count);
  }
  return text;
}

double per_second(const Options& options, const Outcome& outcome) {
  return outcome.seconds > 0 ? static_cast<double>(options.messages) / outcome.seconds : 0;
}

}  // namespace

bool good(const Options& options, const Ledger& ledger, const Outcome& outcome) {
  return outcome.matches && outcome.switches.done == options.switches && outcome.unknown == 0 && ledger.lost() == 0 &&
         ledger.duplicated() == 0 && ledger.reordered() == 0;
}

std::string as_json(const Options& options, const Ledger& ledger, const Outcome& outcome) {
  const Latencies way = alone(options, ledger);
  const Latencies queued = at_full_rate(options, ledger);
  return fmt::format(
      R"({{"messages":{},"lost":{},"duplicated":{},"reordered":{},"unknown":{},"switches":{},"in_flight_min":{},)"
      R"("result_matches":{},"p50_ns":{},"p99_ns":{},"mode":"copy","full_rate_p50_ns":{},"full_rate_p99_ns":{},)"
      R"("in_flight_max":{},"per_second":{:.0f},"by_version":{{{}}},"position":{},"cash_cents":{},)"
      R"("turnover_cents":{}}})",
      options.messages, ledger.lost(), ledger.duplicated(), ledger.reordered(), outcome.unknown, outcome.switches.done,
      outcome.switches.in_flight_min, outcome.matches, way.p50_ns, way.p99_ns, queued.p50_ns, queued.p99_ns,
      ledger.in_flight_max(), per_second(options, outcome), shares(ledger, R"("1.{}.0":{})", ","),
      ledger.totals().position, ledger.totals().cash_cents, ledger.totals().turnover_cents);
}

std::string as_text(const Options& options, const Ledger& ledger, const Outcome& outcome) {
  const auto us = [](std::int64_t ns) { return static_cast<double>(ns) / 1000; };
  const auto money = [](auto cents) { return static_cast<double>(cents) / 100; };
  const Latencies way = alone(options, ledger);
  const Latencies queued = at_full_rate(options, ledger);
  std::string text = fmt::format(
      "{} bars, {} lost, {} duplicated, {} reordered, {} unknown\n"
      "{} switches of momentum, at least {} messages in flight at each; fills by version: {}\n"
      "position {}, cash {:.2f}, turnover {:.2f}: {}\n",
      options.messages, ledger.lost(), ledger.duplicated(), ledger.reordered(), outcome.unknown, outcome.switches.done,
      outcome.switches.in_flight_min, shares(ledger, "1.{}.0 {}", ", "), ledger.totals().position,
      money(ledger.totals().cash_cents), money(ledger.totals().turnover_cents),
      outcome.matches ? "as computed without plugins" : "NOT what was computed without plugins");
  text += fmt::format(
      "from bar to fill, through three plugins and eight messages:\n"
      "  one bar at a time                  p50 {:.1f} us, p99 {:.1f} us\n"
      "  at full rate, up to {} in flight   p50 {:.1f} us, p99 {:.1f} us, {:.0f} bars a second",
      us(way.p50_ns), us(way.p99_ns), ledger.in_flight_max(), us(queued.p50_ns), us(queued.p99_ns),
      per_second(options, outcome));
  return text;
}

}  // namespace market_demo
