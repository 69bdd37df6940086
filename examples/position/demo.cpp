// Hands a position from version to version, back and forth, while orders come without a break; now and then a version
// refuses what it is handed, and the one before serves on. In the end it has to be the sum of all orders.
#include "position_client.hpp"

#include <shunt/host.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace {

using namespace std::chrono_literals;
using shunt::Result;
using shunt::Status;

struct Options {
  std::filesystem::path config;
  std::uint32_t hand_overs = 100;
  std::uint32_t fail_each = 10;
  bool json = false;
};

/// What was published so far.
struct Totals {
  std::int64_t quantity = 0;
  std::uint64_t orders = 0;
};

/// Publishes orders, one right after the other, until it is destroyed.
class Trader {
 public:
  explicit Trader(shunt::Publisher<position::Order> orders)
      : orders_(std::move(orders)), thread_([this](const std::stop_token& stop) { trade(stop); }) {}

  Totals stop() {
    thread_.request_stop();
    thread_.join();
    return totals_;
  }
  [[nodiscard]] std::uint64_t sent() const { return sent_.load(std::memory_order_relaxed); }

 private:
  void trade(const std::stop_token& stop) {
    for (std::uint64_t i = 0; !stop.stop_requested(); ++i) {
      const auto account = static_cast<std::uint32_t>(i * 31 % 97);
      const std::int64_t quantity = static_cast<std::int64_t>(i * 7919 % 1999) - 900;
      const auto built = [&](auto& build) { return position::CreateOrder(build, account, quantity); };
      while (!orders_.publish(built)) {  // it waits in the host, and no more fit
        if (stop.stop_requested()) return;
        std::this_thread::sleep_for(100us);
      }
      totals_.quantity += quantity;
      sent_.store(++totals_.orders, std::memory_order_relaxed);
    }
  }

  shunt::Publisher<position::Order> orders_;
  Totals totals_;
  std::atomic<std::uint64_t> sent_{0};
  std::jthread thread_;
};

struct Outcome {
  std::uint32_t handed_over = 0;
  std::uint32_t undone = 0;  ///< As was wanted: the restore failed.
  std::uint64_t state_bytes_min = UINT64_MAX;
  std::vector<double> pauses_ms;
  Totals sent;
  Totals held;
  std::uint64_t handed_over_says = 0;  ///< By the position itself.
  double seconds = 0;

  [[nodiscard]] bool good(const Options& options) const {
    const std::uint32_t to_fail = options.fail_each == 0 ? 0 : options.hand_overs / options.fail_each;
    return sent.quantity == held.quantity && sent.orders == held.orders && handed_over == handed_over_says &&
           undone == to_fail && handed_over + undone == options.hand_overs;
  }
};

/// The pauses of what was handed over since event `seen`.
void note_hand_overs(shunt::Host& host, std::uint64_t& seen, Outcome& outcome) {
  for (const shunt::HostEvent& event : host.events(seen)) {
    seen = event.number;
    if (event.kind != shunt::HostEventKind::HandedOver) continue;
    outcome.pauses_ms.push_back(std::chrono::duration<double, std::milli>(event.pause).count());
    outcome.state_bytes_min = std::min(outcome.state_bytes_min, event.state_bytes);
  }
}

/// One by one. Errors: a switch failed otherwise than by a restore that was to fail.
Status hand_over(shunt::Host& host, const Options& options, const Trader& trader, Outcome& outcome) {
  constexpr std::array kVersions{"2.0.0", "2.1.0", "1.0.0"};  // state 1, state 2, and state 1 backwards
  std::uint64_t seen = 0;
  for (std::uint32_t i = 0, at = 0; i < options.hand_overs; ++i) {
    const std::uint64_t sent = trader.sent();
    Status switched = host.switch_to("position", kVersions[at % kVersions.size()]);
    if (!switched && switched.error().message.find("as its configuration wants") == std::string::npos) return switched;
    if (switched) ++at, ++outcome.handed_over;
    else ++outcome.undone;
    note_hand_overs(host, seen, outcome);
    while (trader.sent() == sent) std::this_thread::sleep_for(100us);  // every one of them is under load
  }
  return {};
}

Result<Outcome> run(const Options& options) {
  SHUNT_TRY(configuration, shunt::read_configuration(options.config));
  for (shunt::PluginConfiguration& each : configuration.plugins)
    each.config["fail_each"] = {static_cast<std::int64_t>(options.fail_each)};
  SHUNT_TRY(host, shunt::Host::start(std::move(configuration)));
  SHUNT_TRY(orders, host.publisher<position::Order>("orders"));
  SHUNT_TRY(client, host.client<position::Client>());
  Outcome outcome;
  const auto began = std::chrono::steady_clock::now();
  {
    Trader trader{std::move(orders)};
    const Status done = hand_over(host, options, trader, outcome);
    outcome.sent = trader.stop();
    SHUNT_CHECK(done);
  }
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  for (const auto until = std::chrono::steady_clock::now() + 30s; std::chrono::steady_clock::now() < until;) {
    SHUNT_TRY(holding, client.holding([](auto& build) { return position::CreateAsk(build); }, {.deadline = 10s}));
    outcome.held = {holding->total(), holding->orders()};
    outcome.handed_over_says = holding->handed_over();
    if (outcome.held.orders >= outcome.sent.orders) break;  // calls do not wait for publications
    std::this_thread::sleep_for(1ms);
  }
  return outcome;
}

double at(std::vector<double>& sorted, double part) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(part * static_cast<double>(sorted.size())))];
}

void print(const Options& options, Outcome outcome) {
  std::ranges::sort(outcome.pauses_ms);
  const double p50 = at(outcome.pauses_ms, 0.5), p99 = at(outcome.pauses_ms, 0.99);
  const double most = outcome.pauses_ms.empty() ? 0 : outcome.pauses_ms.back();
  const double rate = static_cast<double>(outcome.sent.orders) / outcome.seconds;
  const std::uint64_t bytes = outcome.handed_over == 0 ? 0 : outcome.state_bytes_min;
  if (options.json) {
    fmt::print(
        "{{\"handed_over\": {}, \"undone\": {}, \"orders\": {}, \"orders_per_s\": {:.0f}, \"total\": {}, \"held\": {}, "
        "\"held_orders\": {}, \"state_bytes_min\": {}, \"pause_p50_ms\": {:.2f}, \"pause_p99_ms\": {:.2f}, "
        "\"pause_max_ms\": {:.2f}, \"good\": {}}}\n",
        outcome.handed_over, outcome.undone, outcome.sent.orders, rate, outcome.sent.quantity, outcome.held.quantity,
        outcome.held.orders, bytes, p50, p99, most, outcome.good(options));
    return;
  }
  fmt::print("{} hand-overs of {:.1f} MiB or more, and {} that failed as they were to\n", outcome.handed_over,
             static_cast<double>(bytes) / (1 << 20), outcome.undone);
  fmt::print("orders waited {:.1f} ms (p50), {:.1f} ms (p99), {:.1f} ms at most; {:.0f} came a second\n", p50, p99,
             most, rate);
  fmt::print("the position is {} after {} orders; {} of {} were sent: {}\n", outcome.held.quantity, outcome.held.orders,
             outcome.sent.quantity, outcome.sent.orders, outcome.good(options) ? "good" : "WRONG");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  options.config = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../position/host.toml";
  CLI::App app{"Hands a position from version to version while orders come without a break."};
  app.add_option("--hand-overs", options.hand_overs, "How many are tried; default 100")
      ->check(CLI::Range(1u, 1'000'000u));
  app.add_option("--fail-each", options.fail_each, "Restores whose number this divides fail; 0: none. Default 10");
  app.add_option("--config", options.config, "The host's configuration");
  app.add_flag("--json", options.json, "One line of JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& problem) {
    fmt::print(stderr, "position-demo: {}; see `position-demo --help`\n", problem.what());
    return 2;
  }
  const auto outcome = run(options);
  if (!outcome) {
    fmt::print(stderr, "position-demo: {}\n", to_string(outcome.error()));
    return 1;
  }
  print(options, *outcome);
  return outcome->good(options) ? 0 : 1;
}
