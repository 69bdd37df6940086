#pragma once
/// One run: every subject measured in every round, in rotating order, so that what the machine does meanwhile happens
/// to all of them alike.
///
///     auto catalogue = peers();
///     return run_bench({.bench = Bench::Roundtrip, .against = {"ring_padded", "iceoryx"}}, catalogue);

#include <shunt/bench/setup.hpp>
#include <shunt/bench/subject.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace shunt::bench {

struct BenchOptions {
  Bench bench = Bench::Roundtrip;
  Payload payload = Payload::Inline;
  Wait wait = Wait::Spin;
  std::size_t bytes = 64;
  std::vector<std::string> subjects = {};  ///< Shunt's own; all of the catalogue when empty.
  std::vector<std::string> against = {};   ///< Peers; all of the catalogue when empty.
  /// Many short rounds rather than a few long ones: what the machine does in between then hits whole rounds.
  unsigned rounds = 21;
  std::uint64_t messages = 0;      ///< A round, each subject; 0: a number that suits bench, bytes and wait.
  unsigned consumers = 2;          ///< Of a fan-out; the other benches have one.
  std::uint32_t slot_bytes = 256;  ///< Stride of a ring slot.
  bool json = false;
  std::chrono::seconds limit{120};  ///< For one subject in one round; one that takes longer is ended.
  std::uint64_t corrupt_every = 0;  ///< For tests: spoils one payload in so many.
};

/// What one subject did in all rounds.
struct Outcome {
  std::string subject;
  std::string unavailable;  ///< Why it was not measured; empty when it was.
  bool failed = false;      ///< It was unavailable because something went wrong, not because it cannot run here.
  Payload payload = Payload::Inline;
  std::string mode;
  Wait wait = Wait::Spin;
  bool again = false;  ///< The first subject's second measurement.
  unsigned rounds = 0;
  double p50_ns = 0;  ///< Median of the rounds; of a stream: of a message, averaged over kStreamBatch.
  double p99_ns = 0;
  double per_second = 0;     ///< Round trips, or messages (of a fan-out: publications), a second.
  std::uint64_t errors = 0;  ///< Payloads that did not check, over all rounds.
  double spread = 0;         ///< (highest - lowest) / median over the rounds, of what ratios compare.
  /// To each other subject: the median of the rounds' ratios. Of p50_ns for round trips (smaller is better), of
  /// per_second for streams and fan-outs (larger is better).
  std::map<std::string, double> ratios;
};

/// Measures. Prints nothing. The first subject that can run here runs twice, the second time as "<name>_again": the
/// ratio of the two is the run's own noise. Errors: BadInput (a name or number that cannot be; the message says which).
Result<std::vector<Outcome>> measure(const BenchOptions& options, const Catalogue& catalogue);

/// Measures and prints a table, or one JSON object a line, on stdout. Returns the exit code: 0 done, 1 something failed
/// or a payload did not check, 2 misused.
int run_bench(const BenchOptions& options, const Catalogue& catalogue);

}  // namespace shunt::bench
