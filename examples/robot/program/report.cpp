#include "report.hpp"

#include <fmt/format.h>

namespace robot_demo {
namespace {

std::string microseconds(const Spread& spread) {
  const auto us = [](std::int64_t ns) { return static_cast<double>(ns) / 1000; };
  return fmt::format("p50 {:.1f} us, p99 {:.1f} us, max {:.1f} us", us(spread.p50), us(spread.p99), us(spread.max));
}

std::string json_of(const Spread& spread) {
  return fmt::format(R"({{"p50": {}, "p99": {}, "max": {}}})", spread.p50, spread.p99, spread.max);
}

std::string times(std::uint64_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string text_of(const Death& death) {
  std::string text = fmt::format("\nkilled at {:.3f} s: ", seconds(death.killed.tick));
  if (!death.stop) text += fmt::format("its last will did NOT come");
  else
    text +=
        fmt::format("its last will, the stop, came {} later ({:.0f} us)",
                    times(death.stop->tick - death.killed.tick, "period"), static_cast<double>(death.stop_ns) / 1000);
  if (!death.stood) return text + "; the robot did NOT stand";
  text +=
      fmt::format(";\n  the robot stood after {:.3f} s and {:.2f} m", seconds(death.stood->tick - death.killed.tick),
                  distance(death.stood->pose.at, death.killed.pose.at));
  if (!death.went_on) return text + "; the next instance did NOT drive on";
  return text + fmt::format("; {:.3f} s after the kill the next instance drove on",
                            seconds(death.went_on->tick - death.killed.tick));
}

std::string json_of(const Death& death) {
  std::string text = fmt::format(R"({{"at": {:.3f})", seconds(death.killed.tick));
  const auto moment = [&](const char* name, const std::optional<Moment>& is) {
    if (is) text += fmt::format(R"(, "{}": {:.3f})", name, seconds(is->tick));
  };
  moment("stop", death.stop);
  moment("stood", death.stood);
  moment("went_on", death.went_on);
  if (death.stop)
    text += fmt::format(R"(, "stop_periods": {}, "stop_ns": {})", death.stop->tick - death.killed.tick, death.stop_ns);
  return text + "}";
}

}  // namespace

bool good(const Options& options, const Journey& journey) {
  const auto& death = journey.death;
  return journey.collisions == 0 && journey.given_up.empty() &&
         (!options.kill_at || (death && death->stop && death->stood && death->went_on));
}

std::string as_json(const Options& options, const Journey& journey) {
  const Pose& end = journey.track.back().pose;
  std::string text = fmt::format(
      R"({{"seed": {}, "periods": {}, "scans": {}, "unsent": {}, "commands": {}, "ignored": {}, "watchdog_stops": {}, )"
      R"("last_wills": {}, "collisions": {}, "nearest": {:.4f}, "distance": {:.4f}, "explored": {:.4f}, )"
      R"("end": {{"x": {:.6f}, "y": {:.6f}, "heading": {:.6f}}}, "answered_ns": {})",
      options.seed, journey.ticks, journey.scans, journey.unsent, journey.commands, journey.ignored,
      journey.watchdog_stops, journey.last_wills, journey.collisions, journey.nearest, journey.distance,
      journey.explored, end.at.x, end.at.y, end.heading, json_of(journey.answered_ns.spread()));
  if (!options.lockstep)
    text += fmt::format(R"(, "late_ns": {}, "overrun": {})", json_of(journey.late_ns.spread()),
                        journey.late_ns.above(kPeriodNs));
  if (journey.death) text += fmt::format(R"(, "kill": {})", json_of(*journey.death));
  if (!journey.given_up.empty()) text += fmt::format(R"(, "given_up": "{}")", journey.given_up);
  return text + "}";
}

std::string as_text(const Options& options, const Journey& journey) {
  std::string text =
      fmt::format("{} in the arena of seed {}: {:.1f} m, {:.0f} % of the floor, {}, never nearer than {:.2f} m\n",
                  times(options.seconds, "second"), options.seed, journey.distance, journey.explored * 100,
                  times(journey.collisions, "collision"), journey.nearest);
  text += fmt::format("{}, {} in force, {} ignored, {} unsent; {} of the watchdog\n", times(journey.scans, "scan"),
                      times(journey.commands, "command"), journey.ignored, journey.unsent,
                      times(journey.watchdog_stops, "stop"));
  if (options.lockstep) text += "in lockstep: each scan waited for its command, and no period was timed\n";
  else
    text += fmt::format("{} periods of 1 ms: woke up late by {}; {} overrun\n", journey.ticks,
                        microseconds(journey.late_ns.spread()), journey.late_ns.above(kPeriodNs));
  text += fmt::format("from a scan to its command in force: {}", microseconds(journey.answered_ns.spread()));
  if (journey.death) text += text_of(*journey.death);
  return journey.given_up.empty() ? text : text + "\nnobody drives at the end: " + journey.given_up;
}

}  // namespace robot_demo
