#include "subject_process.hpp"

#include <shunt/bench/clock.hpp>
#include <shunt/bench/report.hpp>
#include <shunt/bench/run.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>

namespace shunt::bench {
namespace {

/// What one subject did in one round.
struct RoundResult {
  double p50_ns, p99_ns, per_second;
  std::uint64_t errors;
};

/// One subject over the whole run.
struct Contender {
  SubjectEntry entry;
  Outcome outcome;
  std::optional<SubjectProcess> process;
  std::vector<RoundResult> rounds;
};

std::string known_names(const Catalogue& catalogue, bool peers) {
  std::string names;
  for (const SubjectEntry& entry : catalogue)
    if (entry.is_peer == peers) names += (names.empty() ? "" : ", ") + entry.name;
  return names.empty() ? "none" : names;
}

/// Appends the entries that `names` name, all of that kind when it names none.
Status choose(const Catalogue& catalogue, const std::vector<std::string>& names, bool peers, Catalogue& chosen) {
  for (const SubjectEntry& entry : catalogue)
    if (names.empty() && entry.is_peer == peers) chosen.push_back(entry);
  for (const std::string& name : names) {
    const auto found = std::find_if(catalogue.begin(), catalogue.end(), [&](const SubjectEntry& entry) {
      return entry.name == name && entry.is_peer == peers;
    });
    if (found == catalogue.end())
      return error(ErrorCode::BadInput, "there is no {} \"{}\"; there are: {}", peers ? "peer" : "subject", name,
                   known_names(catalogue, peers));
    chosen.push_back(*found);
  }
  return {};
}

Status check(const BenchOptions& options) {
  if (options.bytes < 8 || options.bytes > (std::size_t{16} << 20))
    return error(ErrorCode::BadInput, "a payload has 8 bytes to 16 MiB, not {}", options.bytes);
  if (options.rounds < 1 || options.rounds > 1000)
    return error(ErrorCode::BadInput, "a run has 1 to 1000 rounds, not {}", options.rounds);
  if (options.messages > 50'000'000)
    return error(ErrorCode::BadInput, "a round has at most 50000000 messages, not {}", options.messages);
  if (options.consumers < 1 || options.consumers > 64)
    return error(ErrorCode::BadInput, "a fan-out has 1 to 64 consumers, not {}", options.consumers);
  if (options.slot_bytes < 64 || options.slot_bytes % 64 != 0)
    return error(ErrorCode::BadInput, "a slot is a multiple of 64 bytes, not {}", options.slot_bytes);
  return {};
}

Setup setup_of(const BenchOptions& options) {
  return {.bench = options.bench,
          .payload = options.payload,
          .wait = options.wait,
          .bytes = options.bytes,
          .consumers = options.bench == Bench::Fanout ? options.consumers : 1,
          .depth = depth_for(options.bytes),
          .slot_bytes = options.slot_bytes,
          .placement = placement_here(),
          .corrupt_every = options.corrupt_every};
}

Plan plan_of(const BenchOptions& options, const Setup& setup) {
  std::uint64_t messages = options.messages;
  if (messages == 0) {
    messages = options.bench == Bench::Roundtrip ? 20'000 : 200'000;
    if (options.wait != Wait::Spin || setup.placement.crowded(setup.consumers)) messages /= 10;
    messages = std::max<std::uint64_t>(messages * 4096 / std::max<std::uint64_t>(options.bytes, 4096), 100);
  }
  // Every slot of every ring is touched twice before anything is timed.
  return {.warmup = std::max<std::uint64_t>(messages / 10, 2 * setup.depth), .messages = messages};
}

Contender make_contender(const SubjectEntry& entry, const Setup& setup, const Plan& plan) {
  Contender contender{.entry = entry, .outcome = {}, .process = {}, .rounds = {}};
  contender.outcome.subject = entry.name;
  const std::unique_ptr<Subject> subject = entry.create();
  contender.outcome.payload = subject->payload();
  contender.outcome.mode = subject->mode();
  contender.outcome.wait = subject->wait(setup);
  if (const Status supported = subject->supports(setup); !supported) {
    contender.outcome.unavailable = supported.error().message;
    return contender;
  }
  auto process = SubjectProcess::start(entry, setup, plan.messages);
  if (process) contender.process.emplace(std::move(*process));
  else contender.outcome.unavailable = process.error().message;
  contender.outcome.failed = !process && !entry.is_peer;
  return contender;
}

/// What the clock's readings mean.
struct Scale {
  double ns_per_tick = measure_ns_per_tick();
  std::uint64_t tick_step = measure_tick_step();
};

void measure_round(Contender& contender, const BenchOptions& options, const Plan& plan, const Scale& scale) {
  auto round = contender.process->measure(plan, options.limit);
  if (!round) {
    contender.outcome.unavailable = round.error().message;
    contender.outcome.failed = true;
    contender.process.reset();
    return;
  }
  const double messages_per_sample = options.bench == Bench::Roundtrip ? 1 : static_cast<double>(kStreamBatch);
  const double ns_per_sample = scale.ns_per_tick / messages_per_sample;
  const double elapsed_ns = static_cast<double>(round->measured.elapsed_ticks) * scale.ns_per_tick;
  contender.rounds.push_back({.p50_ns = percentile(round->samples, 0.50, scale.tick_step) * ns_per_sample,
                              .p99_ns = percentile(round->samples, 0.99, scale.tick_step) * ns_per_sample,
                              .per_second = static_cast<double>(plan.messages) * 1e9 / elapsed_ns,
                              .errors = round->measured.errors});
}

double median_of(const std::vector<RoundResult>& rounds, double RoundResult::*number) {
  std::vector<double> values;
  values.reserve(rounds.size());
  for (const RoundResult& round : rounds) values.push_back(round.*number);
  return median(values);
}

void summarize(Contender& contender, const std::vector<Contender>& all, double RoundResult::*compared) {
  Outcome& outcome = contender.outcome;
  if (!outcome.unavailable.empty()) return;
  outcome.rounds = static_cast<unsigned>(contender.rounds.size());
  outcome.p50_ns = median_of(contender.rounds, &RoundResult::p50_ns);
  outcome.p99_ns = median_of(contender.rounds, &RoundResult::p99_ns);
  outcome.per_second = median_of(contender.rounds, &RoundResult::per_second);
  for (const RoundResult& round : contender.rounds) outcome.errors += round.errors;

  const auto [lowest, highest] =
      std::minmax_element(contender.rounds.begin(), contender.rounds.end(),
                          [&](const RoundResult& a, const RoundResult& b) { return a.*compared < b.*compared; });
  outcome.spread = ((*highest).*compared - (*lowest).*compared) / median_of(contender.rounds, compared);

  for (const Contender& other : all) {
    if (&other == &contender || !other.outcome.unavailable.empty()) continue;
    std::vector<double> ratios;
    for (std::size_t round = 0; round < contender.rounds.size(); ++round)
      ratios.push_back(contender.rounds[round].*compared / (other.rounds[round].*compared));
    outcome.ratios[other.outcome.subject] = median(ratios);
  }
}

}  // namespace

Result<std::vector<Outcome>> measure(const BenchOptions& options, const Catalogue& catalogue) {
  SHUNT_CHECK(check(options));
  Catalogue chosen;
  SHUNT_CHECK(choose(catalogue, options.subjects, false, chosen));
  SHUNT_CHECK(choose(catalogue, options.against, true, chosen));
  if (chosen.empty()) return error(ErrorCode::BadInput, "there is nothing to measure");

  const Setup setup = setup_of(options);
  const Plan plan = plan_of(options, setup);
  const Scale scale;
  std::vector<Contender> contenders;
  for (const SubjectEntry& entry : chosen) contenders.push_back(make_contender(entry, setup, plan));
  const auto runs_here = [](const Contender& contender) { return contender.process.has_value(); };
  const auto first = std::find_if(contenders.begin(), contenders.end(), runs_here);
  if (first != contenders.end()) {
    Contender again = make_contender(first->entry, setup, plan);
    again.outcome.subject += "_again";
    again.outcome.again = true;
    contenders.push_back(std::move(again));
  }

  for (unsigned round = 0; round < options.rounds; ++round)
    for (std::size_t i = 0; i < contenders.size(); ++i)
      if (Contender& turn = contenders[(i + round) % contenders.size()]; turn.process)
        measure_round(turn, options, plan, scale);

  std::vector<Outcome> outcomes;
  for (Contender& contender : contenders) {
    summarize(contender, contenders,
              options.bench == Bench::Roundtrip ? &RoundResult::p50_ns : &RoundResult::per_second);
    outcomes.push_back(contender.outcome);
  }
  return outcomes;
}

int run_bench(const BenchOptions& options, const Catalogue& catalogue) {
  const auto outcomes = measure(options, catalogue);
  if (!outcomes) {
    std::fprintf(stderr, "shunt bench: %s\n", outcomes.error().message.c_str());
    return outcomes.error().code == ErrorCode::BadInput ? 2 : 1;
  }
  const Origin origin = origin_here();
  if (options.json)
    for (const Outcome& outcome : *outcomes) std::printf("%s\n", to_json(outcome, options, origin).c_str());
  else std::fputs(to_table(*outcomes, options, origin).c_str(), stdout);

  const auto measured = [](const Outcome& outcome) { return outcome.unavailable.empty(); };
  int exit_code = std::any_of(outcomes->begin(), outcomes->end(), measured) ? 0 : 1;
  for (const Outcome& outcome : *outcomes) {
    if (outcome.errors != 0)
      std::fprintf(stderr, "shunt bench: %s: %llu payloads did not check\n", outcome.subject.c_str(),
                   static_cast<unsigned long long>(outcome.errors));
    if (outcome.errors != 0 || outcome.failed) exit_code = 1;
  }
  return exit_code;
}

}  // namespace shunt::bench
