/// shunt-bench-steps: what each single step of a message costs, alone, in one process and one thread.
///
/// Timed: the step as host and kit run it, over and over, with its memory in this core's cache. Not timed: making pools
/// and lanes, and the transfer of cache lines to another core, which is most of a round trip: `shunt bench` measures
/// that. A good answer has a cv (deviation through mean) of a few percent; the steps of a call, summed, then say what
/// of its round trip is instructions and what is memory. Each file here says what is good for its own steps.

#include <shunt/bench/report.hpp>

#include <string>
#include <vector>

#include <benchmark/benchmark.h>

int main(int argc, char** argv) {
  // In front, so that the same option from the command line counts. 20 repetitions of each step make a second.
  std::string min_time = "--benchmark_min_time=0.05";
  std::vector<char*> arguments{argv, argv + argc};
  arguments.insert(arguments.begin() + 1, min_time.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);

  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  const auto origin = shunt::bench::origin_here();
  benchmark::AddCustomContext("machine", origin.machine);
  benchmark::AddCustomContext("governor", origin.governor);
  benchmark::AddCustomContext("commit", origin.commit);
  const bool any = benchmark::RunSpecifiedBenchmarks() > 0;
  benchmark::Shutdown();
  return any ? 0 : 2;  // a filter that no step's name matches is a misuse
}
