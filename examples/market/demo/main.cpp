// The market demo: a host replays the S&P 500 to `momentum`, whose signals `executor` fills after asking `risk`, while
// momentum is switched between two versions in mid-stream.
#include "ledger.hpp"
#include "market_generated.h"
#include "series.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/host.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace {

using market_demo::Day;
using market_demo::Ledger;
using market_demo::Totals;
using shunt::Result;
using shunt::Status;

struct Options {
  std::uint64_t messages = 1'000'000;
  unsigned switches = 100;
  std::filesystem::path config;
  std::filesystem::path data;
  bool json = false;
};

/// The switches are spread over the stream, so that each version serves about half of it.
class Switcher {
 public:
  Switcher(shunt::Host& host, const Options& options, const std::atomic<std::uint64_t>& published)
      : thread_([&host, &options, &published, this](const std::stop_token& stop) {
          for (unsigned i = 0; i < options.switches && !stop.stop_requested(); ++i) {
            const std::uint64_t due = options.messages * (i + 1) / (options.switches + 1);
            while (published.load(std::memory_order_relaxed) < due && !stop.stop_requested()) std::this_thread::yield();
            status_ = host.switch_to("momentum", i % 2 == 0 ? "1.5.0" : "1.4.0");
            if (!status_) return;
            note_exchange(host);
            done_.fetch_add(1, std::memory_order_relaxed);
          }
        }) {}

  [[nodiscard]] unsigned done() const { return done_.load(std::memory_order_relaxed); }
  /// Messages in flight at the exchange that had the fewest. After finish().
  [[nodiscard]] std::uint64_t in_flight_min() const { return done() == 0 ? 0 : in_flight_min_; }
  Status finish() {
    thread_.join();
    return status_;
  }

 private:
  void note_exchange(shunt::Host& host) {
    for (const shunt::HostEvent& event : host.events(last_event_)) {
      last_event_ = event.number;
      if (event.kind == shunt::HostEventKind::Switched) in_flight_min_ = std::min(in_flight_min_, event.in_flight);
    }
  }

  std::atomic<unsigned> done_{0};
  Status status_;
  std::uint64_t last_event_ = 0;
  std::uint64_t in_flight_min_ = UINT64_MAX;
  std::jthread thread_;  // last: it uses the others
};

void show_progress(std::uint64_t received, std::uint64_t messages, unsigned switches) {
  constexpr int kWidth = 40;
  const auto filled = static_cast<int>(received * kWidth / messages);
  fmt::print(stderr, "\r[{:#<{}}{:.<{}}] {:>3} %  {} fills, {} switches", "", filled, "", kWidth - filled,
             received * 100 / messages, received, switches);
  if (received == messages) fmt::print(stderr, "\n");
}

struct Switches {
  unsigned done = 0;
  std::uint64_t in_flight_min = 0;
};

/// Publishes every bar, once; where a receiver refuses for now, the host is driven and the bar published again.
Result<Switches> replay(shunt::Host& host, const std::vector<Day>& days, const Options& options, Ledger& ledger) {
  SHUNT_TRY(fills, host.subscribe<market::Fill>("market.fills", [&](shunt::Received<market::Fill>& fill) {
    ledger.filled(fill->sequence(), fill->version(),
                  Totals{fill->fills(), fill->position(), fill->cash_cents(), fill->turnover_cents()},
                  shunt::bus::now_ns());
  }));
  SHUNT_TRY(bars, host.publisher<market::Bar>("market.bars"));
  std::atomic<std::uint64_t> published{0};
  Switcher switcher{host, options, published};
  const bool show = ::isatty(STDERR_FILENO) != 0;
  const std::uint64_t step = std::max<std::uint64_t>(options.messages / 100, 1);
  auto last_fill = std::chrono::steady_clock::now();
  for (std::uint64_t next = 0, shown = 0; ledger.received() < options.messages;) {
    if (next < options.messages) {
      const Day& day = days[next % days.size()];
      ledger.sent(next, shunt::bus::now_ns());
      const auto sent = bars.publish([&](auto& build) {
        return market::CreateBar(build, next, day.date, day.open, day.high, day.low, day.close, day.volume);
      });
      if (sent) published.store(++next, std::memory_order_relaxed);
      else if (sent.error().code != shunt::ErrorCode::RingFull) return tl::make_unexpected(sent.error());
      if (sent && next % 64 != 0) continue;
    }
    SHUNT_TRY(callbacks, host.poll());
    const auto now = std::chrono::steady_clock::now();
    if (callbacks > 0) last_fill = now;
    else if (now - last_fill > std::chrono::seconds(20)) break;  // the rest is lost, and counted as that
    if (callbacks == 0) host.wait(std::chrono::milliseconds(1));
    if (show && ledger.received() >= shown) {
      show_progress(ledger.received(), options.messages, switcher.done());
      shown = std::min(shown + step, options.messages);
    }
  }
  SHUNT_CHECK(switcher.finish());
  return Switches{switcher.done(), switcher.in_flight_min()};
}

std::uint64_t unknown_outcomes(shunt::Host& host) {
  std::uint64_t unknown = 0;
  for (const shunt::RouteSnapshot& route : host.snapshot().routes)
    for (const auto& receiver : route.receivers) unknown += receiver.unknown;
  return unknown;
}

/// Every payload of the demo travels inside its message, and the host copies those before it verifies them: the mode of
/// its figures is "copy".
void report(const Options& options, Ledger& ledger, std::uint64_t unknown, const Switches& switches, bool matches) {
  const auto p50 = ledger.latency_ns(0.50);
  const auto p99 = ledger.latency_ns(0.99);
  std::string shares;
  for (const auto& [version, count] : ledger.by_version())
    shares += fmt::format("{}\"1.{}.0\":{}", shares.empty() ? "" : ",", version, count);
  if (options.json) {
    fmt::print(
        "{{\"messages\":{},\"lost\":{},\"duplicated\":{},\"reordered\":{},\"unknown\":{},\"switches\":{},"
        "\"in_flight_min\":{},\"result_matches\":{},\"p50_ns\":{},\"p99_ns\":{},\"mode\":\"copy\",\"by_version\":{{{}}}"
        ","
        "\"position\":{},\"cash_cents\":{},\"turnover_cents\":{}}}\n",
        options.messages, ledger.lost(), ledger.duplicated(), ledger.reordered(), unknown, switches.done,
        switches.in_flight_min, matches, p50, p99, shares, ledger.totals().position, ledger.totals().cash_cents,
        ledger.totals().turnover_cents);
    return;
  }
  fmt::print(
      "{} bars, {} lost, {} duplicated, {} reordered, {} unknown, {} switches ({}), at least {} in flight at each\n",
      options.messages, ledger.lost(), ledger.duplicated(), ledger.reordered(), unknown, switches.done, shares,
      switches.in_flight_min);
  fmt::print("position {}, cash {:.2f}, turnover {:.2f}: {}\n", ledger.totals().position,
             static_cast<double>(ledger.totals().cash_cents) / 100,
             static_cast<double>(ledger.totals().turnover_cents) / 100,
             matches ? "as computed without plugins" : "NOT what was computed without plugins");
  fmt::print("from bar to fill at full rate, queues included: p50 {:.1f} us, p99 {:.1f} us\n",
             static_cast<double>(p50) / 1000, static_cast<double>(p99) / 1000);
}

Result<bool> run(const Options& options) {
  SHUNT_TRY(days, market_demo::read_series(options.data));
  SHUNT_TRY(host, shunt::Host::start(options.config));
  Ledger ledger{options.messages};
  SHUNT_TRY(switches, replay(host, days, options, ledger));
  const std::uint64_t unknown = unknown_outcomes(host);
  const bool matches = ledger.totals() == market_demo::expected_totals(days, options.messages);
  report(options, ledger, unknown, switches, matches);
  return matches && switches.done == options.switches && ledger.lost() == 0 && ledger.duplicated() == 0 &&
         ledger.reordered() == 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  Options options;
  options.config = program / "../market/market.toml";
  options.data = program / "../market/sp500-2000.csv";
  CLI::App app{"Replays the S&P 500 through momentum, executor and risk while momentum changes its version."};
  app.add_option("--messages", options.messages, "Bars to replay")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 32));
  app.add_option("--switches", options.switches, "Switches between momentum 1.4.0 and 1.5.0");
  app.add_option("--config", options.config, "The host's configuration");
  app.add_option("--data", options.data, "The series, as CSV");
  app.add_flag("--json", options.json, "End with one line of JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  const auto good = run(options);
  if (!good) fmt::print(stderr, "market-demo: {}\n", to_string(good.error()));
  return good && *good ? 0 : 1;
}
