#pragma once
/// The serving side of a plugin process: phases on one thread, the control socket on another, messages in between.
///
///     Runtime runtime{std::move(lane), contract, ControlChannel{std::move(control)}, load};
///     runtime.run();

#include <shunt/bus/lane.hpp>
#include <shunt/plugin-kit/runtime/control_channel.hpp>
#include <shunt/plugin-kit/runtime/frames.hpp>
#include <shunt/plugin.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace shunt::kit {

/// How a plugin process ends that has lost its host: "service unavailable" of sysexits.h.
inline constexpr int kExitHostGone = 69;

/// What host and plugin agreed on when they attached. Routes are in the manifest's order; 0: not there now.
struct Contract {
  std::string plugin;
  std::string version;
  std::uint64_t instance = 0;
  bus::Wait wait = bus::Wait::Spin;
  std::uint32_t workers = 1;         ///< Threads that run handlers, 1 .. kWorkersMax.
  std::uint32_t in_flight_max = 50;  ///< Requests whose handlers were entered and that are not answered.
  std::vector<std::uint32_t> functions;
  std::vector<std::uint32_t> calls;
  std::vector<std::uint32_t> topics_in;
  std::vector<std::uint32_t> topics_out;
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<std::uint32_t> last_wills;  ///< The topics out, by their place, that the manifest declares one for.
  std::chrono::nanoseconds health_period{std::chrono::seconds{1}};  ///< How often the plugin is asked for its health.
  std::chrono::nanoseconds handler_max{std::chrono::seconds{5}};    ///< Of what runs beside messages; the host is told.
  bool drives_clock = false;                                        ///< The host says how far the plugin's clock goes,
  std::int64_t clock_ns = 0;                                        ///< which stands here.
};

/// A loaded plugin: its table of functions and where its code lies.
struct LoadedPlugin {
  const shunt_plugin* descriptor = nullptr;
  ObjectRange object;
};

class Runtime {
 public:
  /// `load` runs once, on the serving thread. `on_serving`, when given, is called there before the first message.
  Runtime(std::unique_ptr<bus::LaneEnd> lane, Contract contract, ControlChannel control,
          std::function<Result<LoadedPlugin>()> load, std::function<void()> on_serving = {});
  ~Runtime();

  /// Serves until the host says Cleanup or goes away, and ends the process: with 0 or kExitHostGone, else with 1.
  [[noreturn]] void run();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace shunt::kit
