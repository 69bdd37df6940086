#include "preflight.hpp"

#include "units.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace shunt::host {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kPoolFullest = 90;    ///< Of 100 chunks, in use.
constexpr std::uint64_t kScrapesLeast = 999;  ///< Of 1,000.

using Found = std::pair<PreflightCheck::Outcome, std::string>;

Found good(std::string text) { return {PreflightCheck::Outcome::Good, std::move(text)}; }
Found blocks(std::string text) { return {PreflightCheck::Outcome::Blocks, std::move(text)}; }
Found not_configured(std::string text) { return {PreflightCheck::Outcome::NotConfigured, std::move(text)}; }

Found pools(const PreflightFacts& facts, const PreflightLimits&) {
  for (const auto& pool : facts.pools) {
    if (pool.in_use * 100 > pool.chunks * kPoolFullest)
      return blocks(fmt::format("{}: {} of {} chunks are in use, {} % may be", pool.name, pool.in_use, pool.chunks,
                                kPoolFullest));
    if (pool.refused_lately > 0)
      return blocks(fmt::format("{}: {} messages found no chunk", pool.name, pool.refused_lately));
  }
  return good(fmt::format("{} have chunks", facts.pools.size()));
}

Found lag(const PreflightFacts& facts, const PreflightLimits& limits) {
  if (!facts.lag) return good("nothing waits");
  if (*facts.lag > limits.lag_max)
    return blocks(fmt::format("the oldest message has waited for {}, {} at most are allowed", duration_text(*facts.lag),
                              duration_text(limits.lag_max)));
  return good(duration_text(*facts.lag));
}

Found backlog(const PreflightFacts& facts, const PreflightLimits& limits) {
  if (facts.backlog > limits.backlog_max)
    return blocks(fmt::format("{} messages wait, {} at most are allowed", facts.backlog, limits.backlog_max));
  return good(fmt::format("{} messages wait", facts.backlog));
}

Found scrapes(const PreflightFacts& facts, const PreflightLimits&) {
  if (!facts.scrapes) return not_configured("no metrics are kept");
  const auto [came, all] = *facts.scrapes;
  const std::string text = fmt::format("{} of {} came", came, all);
  return all == 0 || came * 1000 < all * kScrapesLeast
             ? blocks(fmt::format("{}, {} of 1000 at least are asked for", text, kScrapesLeast))
             : good(text);
}

Found key(const PreflightFacts& facts, const PreflightLimits& limits) {
  if (!facts.key_valid_for) return not_configured("nobody has signed it");
  if (*facts.key_valid_for <= 0ns) return blocks("the key that signed it has expired: sign it with a newer one");
  const auto days = std::chrono::floor<std::chrono::days>(*facts.key_valid_for).count();
  if (*facts.key_valid_for < std::chrono::days{limits.key_days_min})
    return blocks(
        fmt::format("the key that signed it is valid for {} more days, {} are asked for: sign it with a newer one",
                    days, limits.key_days_min));
  return good(fmt::format("valid for {} more days", days));
}

Found ready(const PreflightFacts& facts, const PreflightLimits& limits) {
  if (!facts.ready_for) return blocks("it is not up: make it `warm`, or wait until it has started");
  const auto text = fmt::format("up for {}", duration_text(std::chrono::floor<std::chrono::seconds>(*facts.ready_for)));
  if (*facts.ready_for < limits.ready_min)
    return blocks(fmt::format("{} without a break, {} are asked for", text, duration_text(limits.ready_min)));
  return good(text);
}

Found traces(const PreflightFacts& facts, const PreflightLimits&) {
  if (!facts.traces) return not_configured("no traces are kept");
  const auto [sampled, all] = *facts.traces;
  if (all == 0 || sampled < all) return blocks(fmt::format("{} of {} that should be were sampled", sampled, all));
  return good(fmt::format("{} were sampled", sampled));
}

Found log_lines(const PreflightFacts& facts, const PreflightLimits&) {
  if (!facts.log_lines) return not_configured("no log lines are kept");
  const auto [complete, all] = *facts.log_lines;
  if (complete < all)
    return blocks(fmt::format("{} of {} lines lack their trace, plugin or status", all - complete, all));
  return good(fmt::format("{} lines are complete", all));
}

Found health(const PreflightFacts& facts, const PreflightLimits&) {
  if (!facts.unhealthy) return good("serves");
  return blocks(
      fmt::format("it says that it does not serve{}{}", facts.unhealthy->empty() ? "" : ": ", *facts.unhealthy));
}

Found configuration(const PreflightFacts& facts, const PreflightLimits&) {
  if (facts.configuration_change.empty()) return good("nothing changes");
  if (!facts.change_confirmed)
    return blocks(fmt::format("nobody has confirmed what changes: {}", facts.configuration_change));
  return good(fmt::format("confirmed: {}", facts.configuration_change));
}

Found permissions(const PreflightFacts& facts, const PreflightLimits&) {
  if (facts.executable_stack) return blocks("it asks for a stack that can be executed: link it without");
  if (!facts.wider.empty())
    return blocks(fmt::format("it may do more than the version that serves: {}", fmt::join(facts.wider, ", ")));
  return good("no more than the version that serves");
}

Found lts(const PreflightFacts& facts, const PreflightLimits&) {
  if (!facts.lts) return not_configured("no route of it has one");
  if (!facts.lts->why_not_conforming.empty())
    return blocks(fmt::format("it does not conform: {}", facts.lts->why_not_conforming));
  if (!facts.lts->answered) return blocks("it did not answer a probe");
  return good("conforms, and answered a probe");
}

Found previous(const PreflightFacts& facts, const PreflightLimits&) {
  return facts.switch_drains ? blocks("the switch before is not over: wait for it") : good("is over");
}

Found quotas(const PreflightFacts& facts, const PreflightLimits&) {
  return facts.why_no_quota.empty() ? good("fit") : blocks(facts.why_no_quota);
}

struct Named {
  std::string_view name;
  Found (*look)(const PreflightFacts& facts, const PreflightLimits& limits);
};
constexpr Named kChecks[] = {
    {"pools", pools},
    {"lag", lag},
    {"backlog", backlog},
    {"metrics", scrapes},
    {"signing key", key},
    {"ready", ready},
    {"trace sampling", traces},
    {"log fields", log_lines},
    {"health", health},
    {"configuration", configuration},
    {"permissions", permissions},
    {"lts", lts},
    {"previous switch", previous},
    {"quotas", quotas},
};

}  // namespace

Preflight preflight(const PreflightFacts& facts, const PreflightLimits& limits) {
  Preflight checks;
  for (const Named& each : kChecks) {
    auto [outcome, text] = each.look(facts, limits);
    checks.push_back({each.name, outcome, std::move(text)});
  }
  return checks;
}

}  // namespace shunt::host
