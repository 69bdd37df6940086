/// Timed: from one message that comes back to the next, at the host's subscription; and each switch_to(). Not timed:
/// starting. Once with the order of each version, once with a total order. A good answer has no message lost, doubled
/// or out of order within a version, with a total order nor across versions, and with the order of each version the
/// gaps near a switch are about those elsewhere: a switch is one exchange, and nobody waits for it.

#include "switch_bench.hpp"

#include "bench_a_client.hpp"
#include "gaps.hpp"
#include "listed.hpp"

#include <shunt/bench/clock.hpp>
#include <shunt/host.hpp>

#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <sched.h>

namespace shunt::bench {
namespace {

constexpr std::array kVersions{"1.0.0", "2.0.0"};

Result<Host> start(Order order) {
  HostConfiguration configuration;
  configuration.name = "shunt-bench";
  configuration.routes.push_back({.name = "bench.orders", .backlog = 1u << 20, .order = order});
  for (const char* const file : {"libbench-relay-1.so", "libbench-relay-2.so"}) {
    SHUNT_TRY(plugin, listed_plugin(file));
    plugin.warm = true;
    configuration.plugins.push_back(std::move(plugin));
  }
  return Host::start(std::move(configuration));
}

/// What has come back.
class Arrivals {
 public:
  void add(std::uint64_t sequence, std::uint32_t version) {
    const std::uint64_t now = ticks();
    if (last_ticks_ != 0) gaps_.add(now - last_ticks_);
    last_ticks_ = now;
    if (sequence >= times_.size()) times_.resize(sequence * 2 + 1024);
    if (times_[sequence]++ == 0) ++distinct_;
    else ++doubled_;
    std::uint64_t& last = last_of_.at(version - 1);
    if (sequence + 1 < last) ++out_of_order_;
    if (sequence < newest_) ++out_of_order_across_;
    last = std::max(last, sequence + 1);
    if (sequence >= newest_ && version != newest_version_) gaps_.switched(), newest_version_ = version;
    newest_ = std::max(newest_, sequence);
  }
  void end() { gaps_.end(); }

  [[nodiscard]] std::uint64_t distinct() const { return distinct_; }
  [[nodiscard]] std::uint64_t doubled() const { return doubled_; }
  [[nodiscard]] std::uint64_t out_of_order() const { return out_of_order_; }
  [[nodiscard]] std::uint64_t out_of_order_across() const { return out_of_order_across_; }
  [[nodiscard]] const Gaps& gaps() const { return gaps_; }

 private:
  std::vector<std::uint8_t> times_;
  std::array<std::uint64_t, 2> last_of_{};  // by version: the last sequence + 1
  std::uint64_t distinct_ = 0;
  std::uint64_t doubled_ = 0;
  std::uint64_t out_of_order_ = 0;
  std::uint64_t out_of_order_across_ = 0;
  std::uint64_t last_ticks_ = 0;
  std::uint64_t newest_ = 0;
  std::uint32_t newest_version_ = 1;
  Gaps gaps_;
};

struct Run {
  std::uint64_t published = 0;
  double seconds = 0;
  Arrivals arrivals;
  Histogram switches;  ///< In ticks each.
};

/// Publishes until it is told that all switches are done, and `messages` at least.
Result<std::uint64_t> publish(Host& host, std::uint64_t messages, std::atomic<std::uint64_t>& published,
                              const std::atomic<bool>& switched) {
  SHUNT_TRY(orders, host.publisher<::bench::Order>("bench.orders"));
  std::uint64_t next = 0;
  while (next < messages || !switched.load(std::memory_order_acquire)) {
    const auto sent = orders.publish([&](auto& build) { return ::bench::CreateOrder(build, next); });
    if (sent) published.store(++next, std::memory_order_release);
    else if (sent.error().code != ErrorCode::RingFull) return tl::make_unexpected(sent.error());
    else ::sched_yield();
  }
  return next;
}

Status switch_back_and_forth(Host& host, const SwitchOptions& options, const std::atomic<std::uint64_t>& published,
                             Histogram& took) {
  for (std::uint64_t i = 0; i < options.switches; ++i) {
    while (published.load(std::memory_order_acquire) < i * options.messages / options.switches) ::sched_yield();
    const std::uint64_t before = ticks();
    SHUNT_CHECK(host.switch_to("bench-relay", kVersions[(i + 1) % 2]));
    took.add(ticks() - before);
  }
  return {};
}

Result<Run> measure(const SwitchOptions& options, Order order) {
  SHUNT_TRY(host, start(order));
  Run run;
  SHUNT_TRY(done, host.subscribe<::bench::Done>("bench.done", [&](Received<::bench::Done>& each) {
    run.arrivals.add(each->sequence(), each->version());
  }));
  std::atomic<std::uint64_t> published{0};
  std::atomic<bool> switched{false}, over{false};
  Result<std::uint64_t> sent{0};
  Status switching;
  const auto began = std::chrono::steady_clock::now();
  std::jthread publisher{[&] {
    sent = publish(host, options.messages, published, switched);
    over.store(true, std::memory_order_release);
  }};
  std::jthread switcher{[&] {
    switching = switch_back_and_forth(host, options, published, run.switches);
    switched.store(true, std::memory_order_release);
  }};
  const auto poll_until = [&](auto&& holds, std::chrono::seconds without_any) -> Status {
    auto until = std::chrono::steady_clock::now() + without_any;
    while (!holds()) {
      SHUNT_TRY(callbacks, host.poll());
      const auto now = std::chrono::steady_clock::now();
      if (callbacks > 0) until = now + without_any;
      else if (now > until) break;  // what has not come is lost
    }
    return {};
  };
  const Status heard = poll_until([&] { return over.load(std::memory_order_acquire); }, std::chrono::seconds{60});
  switched.store(true, std::memory_order_release);
  publisher.join();
  switcher.join();
  SHUNT_CHECK(heard);
  SHUNT_CHECK(switching);
  if (!sent) return tl::make_unexpected(sent.error());
  run.published = *sent;
  SHUNT_CHECK(poll_until([&] { return run.arrivals.distinct() == run.published; }, std::chrono::seconds{5}));
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  run.arrivals.end();
  return run;
}

bool is_good(const Run& run, Order order) {
  const Arrivals& arrivals = run.arrivals;
  return run.published == arrivals.distinct() && arrivals.doubled() + arrivals.out_of_order() == 0 &&
         (order == Order::Version || arrivals.out_of_order_across() == 0);
}

/// What was seen with one order; as JSON the members of an object.
void print(const SwitchOptions& options, const Run& run, Order order) {
  const double ns = measure_ns_per_tick();
  const Arrivals& arrivals = run.arrivals;
  const auto ns_of = [&](std::uint64_t count) { return static_cast<double>(count) * ns; };
  const auto near = ns_of(arrivals.gaps().near().percentile(0.999)),
             far = ns_of(arrivals.gaps().far().percentile(0.999));
  const std::uint64_t lost = run.published - arrivals.distinct();
  const char* const name = order == Order::Version ? "version" : "total";
  if (options.json) {
    fmt::print(
        R"("order": "{}", "messages": {}, "switches": {}, "seconds": {:.3f}, "lost": {}, "duplicated": {}, )"
        R"("reordered": {}, "reordered_across": {}, "gap_p999_near_ns": {:.0f}, "gap_p999_elsewhere_ns": {:.0f}, )"
        R"("gap_p999_ratio": {:.3f}, "gaps_near": {}, "gaps_elsewhere": {}, "gap_max_near_ns": {:.0f}, )"
        R"("gap_max_elsewhere_ns": {:.0f}, "switch_p50_ns": {:.0f}, "switch_p99_ns": {:.0f}, )"
        R"("switch_max_ns": {:.0f})",
        name, run.published, options.switches, run.seconds, lost, arrivals.doubled(), arrivals.out_of_order(),
        arrivals.out_of_order_across(), near, far, far > 0 ? near / far : 0, arrivals.gaps().near().count(),
        arrivals.gaps().far().count(), ns_of(arrivals.gaps().near().max()), ns_of(arrivals.gaps().far().max()),
        ns_of(run.switches.percentile(0.5)), ns_of(run.switches.percentile(0.99)), ns_of(run.switches.max()));
    return;
  }
  fmt::print("order = \"{}\": {} messages and {} switches in {:.2f} s\n", name, run.published, options.switches,
             run.seconds);
  fmt::print("  {} lost, {} duplicated, {} out of order within a version, {} across versions\n", lost,
             arrivals.doubled(), arrivals.out_of_order(), arrivals.out_of_order_across());
  fmt::print(
      "  gap to the message before, p99.9: {:.1f} us within {} of a switch, {:.1f} us elsewhere: {:.2f} times; "
      "at most {:.0f} us and {:.0f} us\n",
      near / 1000, Gaps::kNear, far / 1000, far > 0 ? near / far : 0, ns_of(arrivals.gaps().near().max()) / 1000,
      ns_of(arrivals.gaps().far().max()) / 1000);
  fmt::print("  a switch, until the old version has finished: p50 {:.1f} us, p99 {:.1f} us, at most {:.0f} us\n",
             ns_of(run.switches.percentile(0.5)) / 1000, ns_of(run.switches.percentile(0.99)) / 1000,
             ns_of(run.switches.max()) / 1000);
}

}  // namespace

int run_switch_bench(const SwitchOptions& options) {
  const auto failed = [](const Error& why) {
    std::fprintf(stderr, "shunt-bench: %s\n", to_string(why).c_str());
    return 1;
  };
  const auto by_version = measure(options, Order::Version);
  if (!by_version) return failed(by_version.error());
  const auto total = measure(options, Order::Total);
  if (!total) return failed(total.error());
  if (options.json) fmt::print("{{");
  print(options, *by_version, Order::Version);
  if (options.json) fmt::print(R"(, "total_order": {{)");
  print(options, *total, Order::Total);
  if (options.json) fmt::print("}}}}\n");
  return is_good(*by_version, Order::Version) && is_good(*total, Order::Total) ? 0 : 1;
}

}  // namespace shunt::bench
