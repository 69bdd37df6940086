/// shunt-bench: the latency and throughput of Shunt beside its peers, on your own machine, in one interleaved run.
///
/// Timed: from the moment a payload is begun until its reply has been checked (roundtrip), or until the last consumer
/// has checked the last payload (stream, fanout), writing and checking every byte included. Not timed: starting,
/// connecting, the warm-up. A good answer has no errors, a ratio of the first subject to itself within a few percent of
/// one, and a spread below the differences you want to see; else close other programs and run it again.

#include "shunt/breaker_bench.hpp"
#include "shunt/subjects.hpp"
#include "shunt/switch_bench.hpp"

#include <shunt/bench/peers.hpp>
#include <shunt/bench/run.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace {

using namespace shunt::bench;

/// Lets `option` take one of `values`, as name() spells them, and stores it in `target`.
template <typename Value>
void choose(CLI::Option* option, std::vector<Value> values, Value& target) {
  std::vector<std::string> names;
  names.reserve(values.size());
  for (const Value value : values) names.emplace_back(name(value));
  option->check(CLI::IsMember(names));
  option->each([values, &target](const std::string& chosen) {
    for (const Value value : values)
      if (name(value) == chosen) target = value;
  });
}

}  // namespace

int main(int argc, char** argv) {
  BenchOptions options;
  SwitchOptions switching;
  BreakerOptions breaking;
  std::string bench, payload, wait;
  const std::string program = argc > 0 ? std::filesystem::path{argv[0]}.filename().string() : "shunt-bench";
  CLI::App app{"Measure Shunt beside its peers, interleaved in one run.", program};
  choose(app.add_option("bench", bench, "What to measure; or a command below"),
         {Bench::Roundtrip, Bench::Stream, Bench::Fanout}, options.bench);
  choose(app.add_option("--payload", payload, "Where Shunt's payloads travel (default: inline)"),
         {Payload::Inline, Payload::Chunk}, options.payload);
  choose(app.add_option("--wait", wait, "How every process waits (default: spin)"),
         {Wait::Spin, Wait::Sleep, Wait::SpinThenSleep}, options.wait);
  app.add_option("--bytes", options.bytes, "Payload of every message")->capture_default_str();
  app.add_option("--subject", options.subjects, "Shunt's own, by commas (default: all)")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--against", options.against, "Peers, by commas (default: all)")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--rounds", options.rounds, "Measurements of each subject")->capture_default_str();
  app.add_option("--messages", options.messages, "Messages a round; 0: what suits the rest")->capture_default_str();
  app.add_option("--consumers", options.consumers, "Consumers of a fanout")->capture_default_str();
  app.add_option("--slot-bytes", options.slot_bytes, "Stride of a ring slot")->capture_default_str();
  app.add_flag("--json", options.json, "One JSON object a line");
  CLI::App* const of_switch = app.add_subcommand("switch", "What it costs to switch between two versions, under load");
  of_switch->add_option("--messages", switching.messages, "At least so many; until all switches are done")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
  of_switch->add_option("--switches", switching.switches, "Spread over the messages")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000'000}));
  of_switch->add_flag("--json", switching.json, "One JSON object");
  of_switch->footer("Example: shunt bench switch --messages 1000000 --switches 10000 --json");
  CLI::App* const of_breaker =
      app.add_subcommand("breaker", "How fast calls are led away from a version that begins to fail");
  of_breaker->add_option("--preset", breaking.preset, "Of the breaker; a round of \"default\" takes four minutes")
      ->capture_default_str()
      ->check(CLI::IsMember({"fast", "default"}));
  of_breaker->add_option("--failing", breaking.failing, "Of 1,000 calls")
      ->capture_default_str()
      ->check(CLI::Range(51u, 1000u));
  of_breaker->add_option("--rounds", breaking.rounds, "Each with a warm and with a cold lts")
      ->capture_default_str()
      ->check(CLI::Range(1u, 1000u));
  of_breaker->add_option("--in-flight", breaking.in_flight, "Calls on their way at a time")
      ->capture_default_str()
      ->check(CLI::Range(1u, 500u));
  of_breaker->add_flag("--only-failures", breaking.only_failures, "Calls that are slow count as successes");
  of_breaker->add_flag("--json", breaking.json, "One JSON object");
  of_breaker->footer("Example: shunt bench breaker --rounds 20 --json");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& problem) {
    std::fprintf(stderr, "%s: %s; see `%s --help`\n", program.c_str(), problem.what(), program.c_str());
    return 2;
  }
  if (of_switch->parsed()) return run_switch_bench(switching);
  if (of_breaker->parsed()) return run_breaker_bench(breaking);
  if (bench.empty()) {
    std::fprintf(stderr, "%s: say what to measure: roundtrip, stream, fanout, switch or breaker; see `%s --help`\n",
                 program.c_str(), program.c_str());
    return 2;
  }
  Catalogue catalogue = peers();
  for (auto& subject : shunt_subjects(options.payload)) catalogue.push_back(std::move(subject));
  return run_bench(options, catalogue);
}
