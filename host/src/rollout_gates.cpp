#include "rollout_gates.hpp"

#include "units.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace shunt::host {
namespace {

__extension__ using Wide = unsigned __int128;  ///< For products of three counts.

/// "93.1 %": rounded, for people alone.
std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }
std::string percent(std::uint64_t part, std::uint64_t whole) {
  return percent(whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole));
}

/// What is wrong whatever else may come; empty: nothing.
std::string too_many(const RolloutGates& gates, const Measured& newer) {
  const auto over = [](std::uint64_t count, std::uint64_t most, const char* what) {
    return count <= most ? std::string{} : fmt::format("{} {}, {} at most are allowed", count, what, most);
  };
  std::string text = over(newer.crashes, gates.crashes_max, "crashes");
  if (text.empty()) text = over(newer.quota_refusals, gates.quota_refusals_max, "refusals of a quota");
  if (text.empty()) text = over(newer.denials, gates.denials_max, "denied system calls");
  return text;
}

double per_message(const Measured& measured) {
  return static_cast<double>(measured.cpu.count()) / static_cast<double>(std::max<std::uint64_t>(measured.messages, 1));
}

/// What is worse than it may be beside the baseline; empty: nothing. Of enough samples of both, or of no baseline.
std::string worse(const RolloutGates& gates, const Measured& newer, const Measured& baseline) {
  const CallCounts& ours = newer.calls;
  const CallCounts& theirs = baseline.calls;
  if (Wide{ours.succeeded()} * theirs.calls * 1000 + Wide{gates.success_drop_max} * ours.calls * theirs.calls <
      Wide{theirs.succeeded()} * ours.calls * 1000)
    return fmt::format("{} of its calls succeed and {} of the baseline's, which may be {} more",
                       percent(ours.succeeded(), ours.calls), percent(theirs.succeeded(), theirs.calls),
                       percent(gates.success_drop_max, 1000));
  const auto ns = [](std::chrono::nanoseconds time) { return static_cast<std::uint64_t>(time.count()); };
  if (gates.latency_max > 0 && baseline.p99.count() > 0 &&
      Wide{ns(newer.p99)} * 1000 > Wide{gates.latency_max} * ns(baseline.p99))
    return fmt::format("its 99th percentile is {}, and {} of the baseline's {} are allowed", duration_text(newer.p99),
                       percent(gates.latency_max, 1000), duration_text(baseline.p99));
  if (gates.cpu_max > 0 && baseline.cpu.count() > 0 &&
      Wide{ns(newer.cpu)} * baseline.messages * 1000 > Wide{gates.cpu_max} * ns(baseline.cpu) * newer.messages)
    return fmt::format("a message takes it {} of the processor time that it takes the baseline, and {} are allowed",
                       percent(per_message(newer) / per_message(baseline)), percent(gates.cpu_max, 1000));
  return {};
}

}  // namespace

Judgement judge(const RolloutStage& stage, const Measured& newer, const Measured& baseline,
                std::chrono::nanoseconds elapsed) {
  const RolloutGates& gates = stage.gates;
  const auto lacks = [&](std::uint64_t samples, const char* of) {
    return Judgement{Verdict::Inconclusive, fmt::format("{} of {} {}", samples, stage.samples_min, of)};
  };
  if (auto text = too_many(gates, newer); !text.empty()) return {Verdict::Fail, std::move(text)};
  const std::uint64_t compared = std::max<std::uint64_t>(newer.compared, stage.samples_min);
  if (stage.shadow && newer.differences * 1000 > gates.differences_max * compared)
    return {Verdict::Fail, fmt::format("{} of {} answers differ from those that were given, {} may", newer.differences,
                                       newer.compared, percent(gates.differences_max, 1000))};
  if (newer.calls.calls < stage.samples_min) return lacks(newer.calls.calls, "calls");
  if (newer.calls.is_below(gates.success_min))
    return {Verdict::Fail, fmt::format("{} of its {} calls succeed, and {} have to",
                                       percent(newer.calls.succeeded(), newer.calls.calls), newer.calls.calls,
                                       percent(gates.success_min, 1000))};
  if (stage.shadow && newer.compared < stage.samples_min) return lacks(newer.compared, "answers that were compared");
  if (!gives_all(stage) && baseline.calls.calls < stage.samples_min)
    return lacks(baseline.calls.calls, "calls of the baseline");
  if (auto text = worse(gates, newer, baseline); !text.empty()) return {Verdict::Fail, std::move(text)};
  if (elapsed < stage.dwell)
    return {Verdict::Inconclusive, fmt::format("{} of {}", duration_text(elapsed), duration_text(stage.dwell))};
  return {Verdict::Pass, fmt::format("{} of {} calls succeed", percent(newer.calls.succeeded(), newer.calls.calls),
                                     newer.calls.calls)};
}

}  // namespace shunt::host
