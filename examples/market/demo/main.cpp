// The market demo: a host replays the S&P 500 to `momentum`, whose signals `executor` fills after asking `risk`, while
// momentum is switched between two versions in mid-stream.
#include "expected.hpp"
#include "replay.hpp"
#include "report.hpp"
#include "series.hpp"
#include "waiting.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/host.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace {

using market_demo::Options;
using shunt::Result;

constexpr std::uint64_t kMessagesMax = 100'000'000;  // the ledger takes 9 bytes for each

std::uint64_t unknown_outcomes(shunt::Host& host) {
  std::uint64_t unknown = 0;
  for (const shunt::RouteSnapshot& route : host.snapshot().routes)
    for (const auto& receiver : route.receivers) unknown += receiver.unknown;
  return unknown;
}

/// Whether all went as it should.
Result<bool> run(const Options& options) {
  SHUNT_TRY(days, market_demo::read_series(options.data));
  SHUNT_TRY(configuration, shunt::read_configuration(options.config));
  const bool spins = market_demo::may_spin(configuration, market_demo::cores_at_hand());
  if (spins) market_demo::let_spin(configuration);
  SHUNT_TRY(host, shunt::Host::start(std::move(configuration)));
  market_demo::Ledger ledger{options.messages};
  const std::int64_t begin_ns = shunt::bus::now_ns();
  SHUNT_TRY(switches, market_demo::replay(host, days, options, ledger, spins));
  const double seconds = static_cast<double>(shunt::bus::now_ns() - begin_ns) / 1e9;
  const bool matches = ledger.totals() == market_demo::expected_totals(days, options.messages);
  const market_demo::Outcome outcome{switches, unknown_outcomes(host), matches, seconds};
  fmt::print("{}\n", options.json ? as_json(options, ledger, outcome) : as_text(options, ledger, outcome));
  return good(options, ledger, outcome);
}

}  // namespace

int main(int argc, char** argv) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  Options options;
  options.config = program / "../market/market.toml";
  options.data = program / "../market/sp500-2000.csv";
  CLI::App app{"Replays the S&P 500 through momentum, executor and risk while momentum changes its version."};
  app.add_option("--messages", options.messages, "Bars to replay")->check(CLI::Range(std::uint64_t{1}, kMessagesMax));
  app.add_option("--switches", options.switches, "Switches between momentum 1.4.0 and 1.5.0");
  app.add_option("--config", options.config, "The host's configuration");
  app.add_option("--data", options.data, "The series, as CSV");
  app.add_flag("--json", options.json, "End with one line of JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& problem) {
    fmt::print(stderr, "market-demo: {}; see `market-demo --help`\n", problem.what());
    return 2;
  }
  const auto good = run(options);
  if (!good) fmt::print(stderr, "market-demo: {}\n", to_string(good.error()));
  return good && *good ? 0 : 1;
}
