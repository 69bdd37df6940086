#include "starts.hpp"

#include "../shunt/listed.hpp"
#include "start_times.hpp"

#include <shunt/bench/samples.hpp>
#include <shunt/host.hpp>

#include <chrono>
#include <ctime>

namespace shunt::bench {
namespace {

constexpr const char* kPlugin = "bench-a";

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// A host whose one plugin is stopped.
Result<Host> start_host(const char* launcher) {
  HostConfiguration configuration;
  configuration.name = "shunt-bench";
  configuration.launcher = launcher;
  SHUNT_TRY(plugin, listed_plugin("libbench-a.so"));
  plugin.wait = bus::Wait::Sleep;
  configuration.plugins.push_back(std::move(plugin));
  SHUNT_TRY(host, Host::start(std::move(configuration)));
  SHUNT_CHECK(host.stop(kPlugin));
  return host;
}

struct Span {
  std::int64_t from_ns = 0;
  std::int64_t until_ns = 0;
  [[nodiscard]] double ms() const { return static_cast<double>(until_ns - from_ns) / 1e6; }
};

Result<Span> start_once(Host& host) {
  Span span{.from_ns = now_ns()};
  SHUNT_CHECK(host.restart(kPlugin));
  span.until_ns = now_ns();
  SHUNT_CHECK(host.stop(kPlugin));
  return span;
}

/// By name, in their order, what came of each start.
using Parts = std::vector<std::pair<std::string, std::vector<double>>>;

void add(Parts& parts, const std::string& name, double us) {
  for (auto& [known, values] : parts)
    if (known == name) return values.push_back(us);
  parts.push_back({name, {us}});
}

Status start_timed(Host& host, StartTimes& times, Parts& parts) {
  SHUNT_CHECK(times.clear());
  SHUNT_TRY(span, start_once(host));
  SHUNT_TRY(steps, times.read());
  std::int64_t before = span.from_ns;
  steps.push_back({"active", span.until_ns});
  for (const StartTimes::Step& step : steps) {
    add(parts, step.name, static_cast<double>(step.at_ns - before) / 1e3);
    before = step.at_ns;
  }
  return {};
}

double median_of(Parts& parts, const std::string& name) {
  for (auto& [known, values] : parts)
    if (known == name) return median(values);
  return 0;
}

/// The launcher reads what it is to be from its environment, which is ours when it is started.
Status measure_parts(unsigned pairs, std::vector<StartPart>& result) {
  SHUNT_TRY(times, StartTimes::make());
  ::setenv("SHUNT_TIMES", times.path().c_str(), 1);
  SHUNT_TRY(host, start_host(SHUNT_LAUNCH_TIMED));
  Parts bare;
  Parts full;
  for (unsigned pair = 0; pair < pairs; ++pair)
    for (const bool confined : {pair % 2 == 0, pair % 2 != 0}) {
      if (confined) ::unsetenv("SHUNT_BARE");
      else ::setenv("SHUNT_BARE", "1", 1);
      SHUNT_CHECK(start_timed(host, times, confined ? full : bare));
    }
  for (const auto& [name, values] : full) result.push_back({name, median_of(bare, name), median_of(full, name)});
  return {};
}

}  // namespace

Result<Starts> measure_starts(unsigned pairs) {
  SHUNT_TRY(bare, start_host(SHUNT_LAUNCH_BARE));
  SHUNT_TRY(full, start_host(SHUNT_LAUNCH));
  Starts result;
  for (unsigned pair = 0; pair < pairs; ++pair) {
    for (const bool confined : {pair % 2 == 0, pair % 2 != 0}) {
      SHUNT_TRY(span, start_once(confined ? full : bare));
      (confined ? result.full_ms : result.bare_ms).push_back(span.ms());
    }
    result.added_ms.push_back(result.full_ms.back() - result.bare_ms.back());
  }
  SHUNT_CHECK(measure_parts(pairs, result.parts));
  return result;
}

}  // namespace shunt::bench
