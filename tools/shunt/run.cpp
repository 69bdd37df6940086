/// run: a host without a line of C++.

#include "commands.hpp"
#include "events.hpp"
#include "socket_path.hpp"
#include "table.hpp"

#include <shunt/host.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace shunt::tool {
namespace {

/// A signal handler has no other way to hear of them.
std::atomic<int> stop_event{-1};
std::atomic<int> hurry_event{-1};
std::atomic<bool> was_told{false};

/// The second signal and those that follow are about the same.
extern "C" void on_stop_signal(int /*number*/) {
  const int before = errno;
  const bool again = was_told.exchange(true, std::memory_order_relaxed);
  ::eventfd_write((again ? hurry_event : stop_event).load(std::memory_order_relaxed), 1);
  errno = before;
}

/// Becomes readable with SIGINT or SIGTERM, and then a second time. Handlers and not a mask: what the host starts would
/// inherit a mask.
class StopSignal {
 public:
  StopSignal() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), hurry_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    stop_event.store(event_.get(), std::memory_order_relaxed);
    hurry_event.store(hurry_.get(), std::memory_order_relaxed);
    struct sigaction action {};
    action.sa_handler = on_stop_signal;
    action.sa_flags = SA_RESTART;
    for (const int number : {SIGINT, SIGTERM}) ::sigaction(number, &action, nullptr);
    ::signal(SIGPIPE, SIG_IGN);  // who reads our output may leave before us
  }

  void trigger() const { ::eventfd_write(event_.get(), 1); }
  [[nodiscard]] int fd() const noexcept { return event_.get(); }
  void wait() const {
    pollfd waiting{event_.get(), POLLIN, 0};
    while (::poll(&waiting, 1, -1) <= 0) {
    }
  }
  /// Calls `told()` with the first signal and `hurried()` with the second, until `ended` can be read.
  template <typename Told, typename Hurried>
  void follow(int ended, Told&& told, Hurried&& hurried) const {
    std::array waiting{pollfd{event_.get(), POLLIN, 0}, pollfd{hurry_.get(), POLLIN, 0}, pollfd{ended, POLLIN, 0}};
    for (;;) {
      if (::poll(waiting.data(), waiting.size(), -1) <= 0) continue;
      if (waiting[2].revents != 0) return;
      if (waiting[0].revents != 0) waiting[0].fd = -1, told();
      if (waiting[1].revents != 0) return hurried();
    }
  }

 private:
  bus::UniqueFd event_;
  bus::UniqueFd hurry_;
};

/// Errors: System (no thread can be had).
template <typename Work>
Result<std::jthread> thread_for(const char* purpose, Work&& work) {
  try {
    return std::jthread{std::forward<Work>(work)};
  } catch (const std::system_error& problem) {
    return error(ErrorCode::System, "no thread for {}: {}: raise `ulimit -u`", purpose, problem.what());
  }
}

/// A plugin may take as long as its deadlines say: a signal ends that too, and a second one does not even wait for its
/// cleanup.
Result<Host> start(HostConfiguration configuration, const StopSignal& stop_signal) {
  const bus::UniqueFd started{::eventfd(0, EFD_CLOEXEC)};
  std::stop_source stop;
  std::stop_source at_once;
  SHUNT_TRY(listener, thread_for("signals", [&] {
              stop_signal.follow(
                  started.get(), [&] { stop.request_stop(); }, [&] { at_once.request_stop(); });
            }));
  auto host = Host::start(std::move(configuration), stop.get_token(), at_once.get_token());
  ::eventfd_write(started.get(), 1);
  return host;
}

Json event_json(const HostEvent& event) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(event.at.time_since_epoch()).count();
  Json json{{"event", event.number},    {"at_ms", static_cast<std::uint64_t>(since)},
            {"kind", name(event.kind)}, {"plugin", event.plugin},
            {"version", event.version}, {"instance", event.instance},
            {"text", event.text}};
  if (!event.route.empty()) json["route"] = event.route;
  if (event.crash != nullptr) json["crash"] = Json::parse(to_json(*event.crash));
  return json;
}

/// Prints a line, unless somebody who reads our output stands still while we are to stop: he must not hold up the end.
void print_unless_stopped(std::string line, const StopSignal& stop_signal) {
  line += '\n';
  for (std::string_view left{line}; !left.empty();) {
    std::array waiting{pollfd{STDOUT_FILENO, POLLOUT, 0}, pollfd{stop_signal.fd(), POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
    if (waiting[0].revents == 0) return;  // told to stop, and no room
    const auto written = ::write(STDOUT_FILENO, left.data(), std::min<std::size_t>(left.size(), PIPE_BUF));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // he left
    left.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// Until told to stop, and then what happened up to then.
void print_events(Host& host, bool json, const StopSignal& stop_signal, const std::stop_token& stop) {
  std::uint64_t seen = 0;
  for (bool is_last = false; !is_last;) {
    is_last = stop.stop_requested();
    for (const HostEvent& each : host.wait_events(seen, stop)) {
      print_unless_stopped(json ? to_line(event_json(each)) : event_line(event_json(each)), stop_signal);
      seen = each.number;
    }
  }
}

}  // namespace

Status run_host(const Options& options) {
  const StopSignal stop_signal;
  SHUNT_TRY(configuration, read_configuration(options.name));
  if (!options.host.socket.empty()) configuration.admin_socket = options.host.socket;
  if (!configuration.admin_socket) {
    SHUNT_TRY(socket, default_socket(configuration.name));
    configuration.admin_socket = std::move(socket);
  }
  const std::string socket = std::filesystem::absolute(*configuration.admin_socket);
  const std::string host_name = configuration.name;
  auto started = start(std::move(configuration), stop_signal);
  if (!started && started.error().code == ErrorCode::Stopped) return {};
  SHUNT_TRY(host, std::move(started));
  if (options.json) print_line(to_line({{"host", host_name}, {"socket", socket}}));
  else print_line(fmt::format("host {} listens on {}", host_name, socket));
  std::clearerr(stdout);  // a host serves, whether or not somebody can read of it

  Status dispatched;
  SHUNT_TRY(dispatcher, thread_for("the host's messages", [&](const std::stop_token& stop) {
              dispatched = host.run_dispatcher(stop);
              stop_signal.trigger();
            }));
  SHUNT_TRY(printer, thread_for("events", [&](const std::stop_token& stop) {
              print_events(host, options.json, stop_signal, stop);
            }));
  const bus::UniqueFd ended{::eventfd(0, EFD_CLOEXEC)};
  SHUNT_TRY(hurrier, thread_for("a second signal", [&] {
              stop_signal.follow(
                  ended.get(), [] {}, [&] { static_cast<void>(host.end_now()); });
            }));
  stop_signal.wait();
  const Status stopped = host.stop();  // now, so that what plugins do as they end is printed and heard too
  ::eventfd_write(ended.get(), 1);
  hurrier.join();
  dispatcher.request_stop();
  dispatcher.join();
  printer.request_stop();
  printer.join();
  return dispatched ? stopped : dispatched;
}

}  // namespace shunt::tool
