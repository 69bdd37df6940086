#include "shunt_bench_commit.hpp"

#include <shunt/bench/report.hpp>

#include <algorithm>
#include <fstream>
#include <thread>

#include <fmt/format.h>

namespace shunt::bench {
namespace {

std::string processor() {
  std::ifstream file{"/proc/cpuinfo"};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unnamed processor";
}

std::string first_line(const char* path, const std::string& otherwise) {
  std::ifstream file{path};
  std::string line;
  return std::getline(file, line) ? line : otherwise;
}

/// "812", "1,618", "4,213,904".
std::string grouped(double value) {
  const std::string digits = fmt::format("{:.0f}", value);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string_view said(Wait wait) {
  switch (wait) {
    case Wait::Spin: return "spinning";
    case Wait::SpinThenSleep: return "spinning, then sleeping";
    case Wait::Sleep: return "sleeping";
  }
  return "";
}

std::size_t ratio_width(const Outcome& peer) { return std::max<std::size_t>(peer.subject.size() + 3, 9); }

std::string heading(const BenchOptions& options, const Origin& origin) {
  const std::string what = options.bench == Bench::Roundtrip ? "Round trip"
                           : options.bench == Bench::Stream  ? "Stream"
                                                             : fmt::format("Fan-out to {}", options.consumers);
  return fmt::format("{} of {} bytes, {}: medians of {} rounds\n{}; governor {}; commit {}\n\n", what, options.bytes,
                     said(options.wait), options.rounds, origin.machine, origin.governor, origin.commit);
}

std::string legend(const std::vector<Outcome>& outcomes, const BenchOptions& options) {
  const bool roundtrip = options.bench == Bench::Roundtrip;
  std::string text = fmt::format(
      "\n/x: {}, the median of the rounds' ratios to x; {} is better. Spread: (highest - lowest) / median of the "
      "rounds.\n",
      roundtrip ? "p50" : "per second", roundtrip ? "smaller" : "larger");
  if (!roundtrip) text += fmt::format("p50, p99: per message, averaged over {} at the sender.\n", kStreamBatch);
  for (const Outcome& outcome : outcomes)
    if (outcome.wait != options.wait && outcome.unavailable.empty())
      text += fmt::format("{} was {}: its processes are more than the cores, and those that spin never yield.\n",
                          outcome.subject, said(outcome.wait));
  for (const Outcome& outcome : outcomes)
    if (outcome.again)
      text += fmt::format("{} is the same subject once more: its ratio to itself is the run's own noise.\n",
                          outcome.subject);
  return text;
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else out += c;
  }
  return out + '"';
}

Origin origin_here() {
  return {.machine = fmt::format("{}, {} cores", processor(), std::thread::hardware_concurrency()),
          .governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "none"),
          .commit = kCommit};
}

std::string to_json(const Outcome& outcome, const BenchOptions& options, const Origin& origin) {
  const bool good = outcome.unavailable.empty();
  const auto number = [&](double value) { return good ? fmt::format("{:.6g}", value) : std::string{"null"}; };
  std::string ratios;
  for (const auto& [other, ratio] : outcome.ratios)
    ratios += fmt::format("{}{}:{:.4f}", ratios.empty() ? "" : ",", json_string(other), ratio);
  return fmt::format(
      R"({{"bench":{},"subject":{},"payload":{},"mode":{},"bytes":{},"wait":{},"consumers":{},"rounds":{},)"
      R"("p50_ns":{},"p99_ns":{},"per_second":{},"errors":{},"spread":{},"ratios":{{{}}},"unavailable":{},)"
      R"("machine":{},"governor":{},"commit":{}}})",
      json_string(name(options.bench)), json_string(outcome.subject), json_string(name(outcome.payload)),
      json_string(outcome.mode), options.bytes, json_string(name(outcome.wait)),
      options.bench == Bench::Fanout ? options.consumers : 1, outcome.rounds, number(outcome.p50_ns),
      number(outcome.p99_ns), number(outcome.per_second), outcome.errors, number(outcome.spread), ratios,
      good ? "null" : json_string(outcome.unavailable), json_string(origin.machine), json_string(origin.governor),
      json_string(origin.commit));
}

std::string to_table(const std::vector<Outcome>& outcomes, const BenchOptions& options, const Origin& origin) {
  std::string text = heading(options, origin);
  text += fmt::format("{:<18} {:<7} {:<9} {:>10} {:>10} {:>13} {:>7} {:>7}", "subject", "payload", "mode", "p50 ns",
                      "p99 ns", "per second", "spread", "errors");
  for (const Outcome& peer : outcomes) text += fmt::format("{:>{}}", "/" + peer.subject, ratio_width(peer));
  text += '\n';
  for (const Outcome& outcome : outcomes) {
    if (!outcome.unavailable.empty()) {
      text += fmt::format("{:<18} not measured: {}\n", outcome.subject, outcome.unavailable);
      continue;
    }
    text += fmt::format("{:<18} {:<7} {:<9} {:>10} {:>10} {:>13} {:>6.0f}% {:>7}", outcome.subject,
                        name(outcome.payload), outcome.mode, grouped(outcome.p50_ns), grouped(outcome.p99_ns),
                        grouped(outcome.per_second), outcome.spread * 100, outcome.errors);
    for (const Outcome& peer : outcomes) {
      const auto ratio = outcome.ratios.find(peer.subject);
      const std::size_t width = ratio_width(peer);
      text += ratio == outcome.ratios.end() ? std::string(width, ' ') : fmt::format("{:>{}.3f}", ratio->second, width);
    }
    text += '\n';
  }
  return text + legend(outcomes, options);
}

}  // namespace shunt::bench
