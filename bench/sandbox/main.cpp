/// shunt-bench-sandbox: what the sandbox costs, beside the same plugin with none (shunt-launch-bare), in one run.
///
/// Instructions and system calls of a publication are counted one by one, in host and plugin. Round trips are timed as
/// `shunt bench roundtrip` times them, in pairs, with pairs of none and none between them; not timed: starting and the
/// warm-up. Starts are timed from the order until the plugin is active. A good answer has equal counts, ratios within
/// what none does to itself, and adds at most 8 ms to a start; anything else exits with 1.

#include "sandbox_report.hpp"

#include <cstdio>
#include <filesystem>
#include <string>

#include <CLI/CLI.hpp>

namespace {

using namespace shunt;
using namespace shunt::bench;

struct Options {
  unsigned pairs = 31;
  std::uint64_t messages = 20'000;
  std::size_t counted = 100;
  bool json = false;
};

constexpr std::array kWaits{Wait::Spin, Wait::Sleep};
constexpr std::uint64_t kSleepIsSlower = 10;

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

/// Whether everything keeps to its goal.
Result<bool> run(const Options& options) {
  const Origin origin = origin_here();
  bool good = true;
  if (!options.json)
    print(fmt::format("The full sandbox beside none\n{}; governor {}; commit {}\n\n", origin.machine, origin.governor,
                      origin.commit));
  for (const Wait wait : kWaits) {
    SHUNT_TRY(bare, count_instructions(SHUNT_LAUNCH_BARE, wait, options.counted));
    SHUNT_TRY(full, count_instructions(SHUNT_LAUNCH, wait, options.counted));
    const BothCounts both{bare, full};
    good &= equal(both);
    print(options.json ? json_of(both, wait, origin) : table_of(both, wait));
  }
  for (const Wait wait : kWaits) {
    const std::uint64_t messages = wait == Wait::Spin ? options.messages : options.messages / kSleepIsSlower;
    SHUNT_TRY(trips, measure_round_trips(wait, options.pairs, messages));
    good &= Verdict{trips}.within;
    print(options.json ? json_of(trips, wait, origin) : table_of(trips, wait));
  }
  SHUNT_TRY(starts, measure_starts(options.pairs));
  print(options.json ? json_of(starts, origin) : table_of(starts));
  return good && starts_soon_enough(starts);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Measure what the sandbox costs, interleaved with none.", "shunt-bench-sandbox"};
  app.add_option("--pairs", options.pairs, "Of each measurement")->capture_default_str()->check(CLI::Range(1, 1000));
  app.add_option("--messages", options.messages, "Of each round trip's measurement, spinning; a tenth, sleeping")
      ->capture_default_str()
      ->check(CLI::Range(100, 10'000'000));
  app.add_option("--counted", options.counted, "Messages whose instructions are counted")
      ->capture_default_str()
      ->check(CLI::Range(2, 200));
  app.add_flag("--json", options.json, "One JSON object a line");
  app.footer(
      fmt::format("Exits with 1 when instructions or system calls of a publication differ (\"equal\"), the 95 % "
                  "interval of a round\n"
                  "trip's ratio reaches beyond what 95 % of the pairs of none and none do (\"within\"), or a start "
                  "takes more than\n"
                  "{} ms longer (\"within\"). Whether the ratio's interval overlaps that of none / none's own median "
                  "(\"overlaps\")\n"
                  "is stricter, is told, and decides nothing.",
                  kAddedMsMax));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& problem) {
    std::fprintf(stderr, "shunt-bench-sandbox: %s; see --help\n", problem.what());
    return 2;
  }
  const Result<bool> good = run(options);
  if (!good) std::fprintf(stderr, "shunt-bench-sandbox: %s\n", to_string(good.error()).c_str());
  return good && *good ? 0 : 1;
}
