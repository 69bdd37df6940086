// The robot: a control loop that a plugin drives by what the laser scanner sees, and that goes on when the plugin dies.
#include "loop.hpp"
#include "picture.hpp"
#include "report.hpp"

#include <shunt/host.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace {

using robot_demo::Options;

/// Whether all went as it should.
shunt::Result<bool> run(const Options& options) {
  if (!options.svg.empty()) SHUNT_CHECK(robot_demo::check_picture(options.svg));
  const robot_demo::Arena arena{options.seed};
  SHUNT_TRY(configuration, shunt::read_configuration(options.config));
  if (options.realtime)  // the driver, too: a process that is killed has to run to end
    for (auto& plugin : configuration.plugins) plugin.sandbox.scheduling = shunt::Scheduling::Fifo;
  SHUNT_TRY(host, shunt::Host::start(std::move(configuration)));
  SHUNT_TRY(journey, robot_demo::drive(host, arena, options));
  fmt::print("{}\n", options.json ? as_json(options, journey) : as_text(options, journey));
  if (!options.svg.empty()) SHUNT_CHECK(write_picture(options.svg, arena, journey, options));
  return good(options, journey);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  options.config = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "../robot/robot.toml";
  CLI::App app{"A 1 kHz control loop in a simulated arena, driven by the plugin `avoider`."};
  app.add_option("--seconds", options.seconds, "How long it drives, in seconds")
      ->capture_default_str()
      ->check(CLI::Range(1u, 3600u));
  app.add_option("--seed", options.seed, "Of the arena")->capture_default_str();
  app.add_option("--kill-at", options.kill_at, "Kills the plugin's process (kill -9), so many seconds into the run");
  app.add_flag("--lockstep", options.lockstep,
               "No clock: a scan waits for its command, so the way is the seed's alone");
  app.add_flag("--realtime", options.realtime,
               "Host and plugin go before everything that is not real-time (SCHED_FIFO)");
  app.add_option("--svg", options.svg, "Draws the arena and the way into this file");
  app.add_flag("--json", options.json, "Prints one line of JSON");
  app.add_option("--config", options.config, "The host's configuration; else that of the build");
  app.footer("Example: robot --seconds 20 --kill-at 10 --svg path.svg");
  try {
    app.parse(argc, argv);
    if (options.kill_at && !(*options.kill_at >= 0.001 && *options.kill_at < options.seconds))
      throw CLI::ValidationError("--kill-at", "has to be 0.001 or more, and less than --seconds");
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& problem) {
    fmt::print(stderr, "robot: {}; see `robot --help`\n", problem.what());
    return 2;
  }
  const auto good = run(options);
  if (!good) fmt::print(stderr, "robot: {}\n", to_string(good.error()));
  return good && *good ? 0 : 1;
}
