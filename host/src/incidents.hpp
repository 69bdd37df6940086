#pragma once
/// What is kept of a rollout that was rolled back: one file with all that is known of it, which a program of the user's
/// is told of.
///
///     [host]
///     incidents = "incidents"          # a folder: incident-20261128T101502Z-momentum-1.json
///     notifier = "bin/page-somebody"   # is started with the file's path

#include "crash_log.hpp"
#include "event_log.hpp"
#include "event_loop.hpp"
#include "slow_thread.hpp"

#include <shunt/bus/unique_fd.hpp>
#include <shunt/host/rollout.hpp>

#include <cstdint>
#include <filesystem>
#include <list>
#include <string>

#include <sys/types.h>

namespace shunt::host {

struct Incident {
  RolloutSnapshot rollout;
  std::string configuration_change;  ///< As preflight found it.
  std::uint64_t since = 0;           ///< The last event before the rollout.
};

/// For the control loop's thread.
class Incidents {
 public:
  struct Where {
    std::filesystem::path folder{};    ///< Empty: nothing is kept.
    std::filesystem::path notifier{};  ///< Empty: nobody is told.
  };

  Incidents(EventLoop& loop, SlowThread& slow, EventLog& events, const CrashLog& crashes, Where where)
      : loop_(loop), slow_(slow), events_(events), crashes_(crashes), where_(std::move(where)) {}
  /// A notifier that is still there is ended.
  ~Incidents();

  void report(const Incident& incident);

 private:
  struct Notifying {
    pid_t pid = -1;
    bus::UniqueFd pidfd{};
    EventLoop::TimerId deadline = 0;
    std::string plugin;
  };

  void notify(const std::string& plugin, const std::filesystem::path& file);
  void reap(std::list<Notifying>::iterator ended);
  void tell(HostEventKind kind, const std::string& plugin, std::string text);

  EventLoop& loop_;
  SlowThread& slow_;
  EventLog& events_;
  const CrashLog& crashes_;
  Where where_;
  std::uint64_t last_ = 0;
  std::list<Notifying> notifying_;
};

}  // namespace shunt::host
