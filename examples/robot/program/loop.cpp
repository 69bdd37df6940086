#include "loop.hpp"

#include "gate.hpp"
#include "metronome.hpp"
#include "scan_message.hpp"
#include "victim.hpp"
#include "world.hpp"

#include <array>
#include <utility>

namespace robot_demo {
namespace {

class Loop {
 public:
  Loop(shunt::Host& host, const Arena& arena, const Options& options)
      : host_(host),
        options_(options),
        world_(arena),
        scanner_(options.seed),
        journey_(options.seconds * kTicksPerSecond) {}

  shunt::Result<Journey> run() {
    SHUNT_TRY(velocity, host_.subscribe<robot::Twist>("robot.velocity", [this](shunt::Received<robot::Twist>& twist) {
      twist.is_last_will() ? stop() : hear(*twist);
    }));
    SHUNT_TRY(scans, host_.publisher<robot::LaserScan>("robot.scan"));
    SHUNT_TRY(driver, Victim::find(host_, "avoider"));
    if (options_.realtime) SHUNT_CHECK(become_realtime());
    journey_.track.push_back(here());
    Metronome metronome;
    while (tick_ < journey_.ticks) {
      ++tick_;
      if (!options_.lockstep) journey_.late_ns.add(metronome.wait());
      SHUNT_CHECK(host_.poll());  // commands come in here
      world_.step(gate_.in_force(tick_), kPeriod);
      if (gate_.stops() && world_.stands()) stood();
      if (scan_is_due()) SHUNT_CHECK(scan(scans));
      if (kill_is_due()) SHUNT_CHECK(kill(driver));
      if (tick_ % Journey::kTicksPerPoint == 0) journey_.track.push_back(here());
    }
    sum_up();
    return std::move(journey_);
  }

 private:
  [[nodiscard]] Moment here() const { return {tick_, world_.pose()}; }

  void hear(const robot::Twist& twist) {
    if (!gate_.take({twist.linear(), twist.angular()}, twist.scan(), journey_.scans, tick_)) return;
    ++journey_.commands;
    journey_.answered_ns.add(now_ns() - scanned_ns_[twist.scan() % scanned_ns_.size()]);
    auto& death = journey_.death;
    if (death && death->stood && !death->went_on) death->went_on = here();
  }

  /// The driver has vanished, and this is what it left to be done then.
  void stop() {
    gate_.stop();
    ++journey_.last_wills;
    auto& death = journey_.death;
    if (!death || death->stop) return;
    death->stop = here();
    death->stop_ns = now_ns() - killed_ns_;
  }

  void stood() {
    gate_.stands(journey_.scans);
    auto& death = journey_.death;
    if (death && death->stop && !death->stood) death->stood = here();
  }

  /// In lockstep none is taken while the robot brakes: how many of them the next instance got would depend on how fast
  /// it started.
  [[nodiscard]] bool scan_is_due() const { return tick_ % kTicksPerScan == 1 && !(options_.lockstep && gate_.stops()); }

  shunt::Status scan(const shunt::Publisher<robot::LaserScan>& scans) {
    const std::uint64_t number = ++journey_.scans;
    scanned_ns_[number % scanned_ns_.size()] = now_ns();
    const auto sent = scans.publish(
        [&](auto& build) { return scan_message(build, number, scanner_, world_.arena(), world_.pose()); });
    if (!sent) ++journey_.unsent;  // nobody drives: the watchdog sees to it
    return options_.lockstep ? await("command", [&] { return gate_.answered() == number; }) : shunt::Status{};
  }

  [[nodiscard]] bool kill_is_due() const {
    return options_.kill_at && tick_ == static_cast<Tick>(*options_.kill_at * kTicksPerSecond);
  }

  shunt::Status kill(const Victim& driver) {
    SHUNT_CHECK(driver.kill());
    killed_ns_ = now_ns();
    journey_.death = Death{.killed = here()};
    return options_.lockstep ? await("stop", [&] { return journey_.death->stop.has_value(); }) : shunt::Status{};
  }

  template <typename Condition>
  shunt::Status await(const char* what, Condition&& holds) {
    constexpr std::int64_t kPatienceNs = 60'000'000'000;
    for (const std::int64_t until_ns = now_ns() + kPatienceNs; !holds();) {
      SHUNT_TRY(callbacks, host_.poll());
      if (callbacks > 0) continue;
      if (now_ns() > until_ns)
        return shunt::error(shunt::ErrorCode::DeadlineExceeded, "no {} came within a minute, {} s into the run", what,
                            seconds(tick_));
      host_.wait(std::chrono::milliseconds(100));
    }
    return {};
  }

  void sum_up() {
    journey_.ignored = gate_.ignored();
    journey_.watchdog_stops = gate_.watchdog_stops();
    journey_.collisions = world_.collisions();
    journey_.nearest = world_.nearest();
    journey_.distance = world_.distance();
    journey_.explored = world_.explored();
    for (const auto& plugin : host_.snapshot().plugins)
      if (plugin.state == "Quarantined") journey_.given_up = plugin.plugin + " has crashed too often";
  }

  shunt::Host& host_;
  const Options& options_;
  World world_;
  Scanner scanner_;
  Gate gate_;
  Journey journey_;
  Tick tick_ = 0;
  std::int64_t killed_ns_ = 0;
  std::array<std::int64_t, 8> scanned_ns_{};  // when, of the last scans: more than the gate takes answers to
};

}  // namespace

shunt::Result<Journey> drive(shunt::Host& host, const Arena& arena, const Options& options) {
  return Loop{host, arena, options}.run();
}

}  // namespace robot_demo
