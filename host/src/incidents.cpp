#include "incidents.hpp"

#include "admin_json.hpp"
#include "rollout_json.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <memory>
#include <system_error>

#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace shunt::host {
namespace {

constexpr std::chrono::seconds kNotifierMax{30};

/// "20261128T101502Z"
std::string stamp(std::chrono::system_clock::time_point at) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[24];
  return {text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc)};
}

Json incident_json(const Incident& incident, const EventLog& events, const CrashLog& crashes) {
  Json timeline = Json::array(), ends = Json::array();
  for (const HostEvent& each : events.after(incident.since))
    if (each.plugin == incident.rollout.plugin) timeline.push_back(event_json(each));
  for (const auto& each : crashes.all())
    if (each->plugin == incident.rollout.plugin) ends.push_back(crash_json(*each));
  return {{"incident", 1},
          {"reason", incident.rollout.reason},
          {"rollout", rollout_json(incident.rollout)},
          {"configuration_change", incident.configuration_change},
          {"crashes", std::move(ends)},
          {"timeline", std::move(timeline)},
          {"recording", nullptr}};
}

/// Beside its name first: whoever watches the folder finds it whole.
Status write(const std::filesystem::path& file, const std::string& text) {
  std::error_code failed;
  std::filesystem::create_directories(file.parent_path(), failed);
  auto beside = file;
  beside += ".part";
  std::ofstream stream{beside, std::ios::binary};
  stream << text << '\n' << std::flush;
  if (!stream) return error(ErrorCode::System, "{} cannot be written: {}", beside.string(), std::strerror(errno));
  stream.close();
  std::filesystem::rename(beside, file, failed);
  if (failed) return error(ErrorCode::System, "{} cannot be written: {}", file.string(), failed.message());
  return {};
}

}  // namespace

Incidents::~Incidents() {
  for (const Notifying& each : notifying_) {
    ::syscall(SYS_pidfd_send_signal, each.pidfd.get(), SIGKILL, nullptr, 0);
    while (::waitpid(each.pid, nullptr, 0) < 0 && errno == EINTR) continue;
  }
}

void Incidents::tell(HostEventKind kind, const std::string& plugin, std::string text) {
  events_.add({.kind = kind, .plugin = plugin, .text = std::move(text)});
}

void Incidents::report(const Incident& incident) {
  if (where_.folder.empty()) return;
  const std::string& plugin = incident.rollout.plugin;
  const auto file =
      where_.folder / fmt::format("incident-{}-{}-{}.json", stamp(std::chrono::system_clock::now()), plugin, ++last_);
  const auto text = std::make_shared<std::string>(to_text(incident_json(incident, events_, crashes_)));
  const bool is_posted = slow_.post([this, plugin, file, text] {
    Status written = write(file, *text);
    loop_.post([this, plugin, file, written = std::move(written)] {
      if (!written) return tell(HostEventKind::IncidentNotKept, plugin, written.error().message);
      tell(HostEventKind::IncidentKept, plugin, file.string());
      notify(plugin, file);
    });
  });
  if (!is_posted) tell(HostEventKind::IncidentNotKept, plugin, "there is no thread to write it");
}

/// Ours, as it is: it is the user's own program. Nobody waits for it.
void Incidents::notify(const std::string& plugin, const std::filesystem::path& file) {
  if (where_.notifier.empty()) return;
  std::string program = where_.notifier, path = file;
  char* const arguments[] = {program.data(), path.data(), nullptr};
  pid_t pid = -1;
  if (const int code = ::posix_spawn(&pid, program.c_str(), nullptr, nullptr, arguments, environ); code != 0)
    return tell(HostEventKind::IncidentNotKept, plugin,
                fmt::format("the notifier {} cannot be started: {}", program, std::strerror(code)));
  Notifying started{.pid = pid, .plugin = plugin};
  started.pidfd = bus::UniqueFd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
  const auto at = notifying_.insert(notifying_.end(), std::move(started));
  if (!at->pidfd || !loop_.watch(at->pidfd.get(), [this, at] { reap(at); })) {
    ::kill(pid, SIGKILL);  // not reaped, so that the number is still its own
    return reap(at);
  }
  at->deadline = loop_.after(kNotifierMax, [at] {
    at->deadline = 0;
    ::syscall(SYS_pidfd_send_signal, at->pidfd.get(), SIGKILL, nullptr, 0);
  });
}

void Incidents::reap(std::list<Notifying>::iterator ended) {
  int status = 0;
  while (::waitpid(ended->pid, &status, 0) < 0 && errno == EINTR) continue;
  if (ended->pidfd) loop_.unwatch(ended->pidfd.get());
  loop_.cancel(ended->deadline);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    tell(HostEventKind::IncidentNotKept, ended->plugin,
         WIFEXITED(status) ? fmt::format("the notifier ended with code {}", WEXITSTATUS(status))
                           : fmt::format("the notifier was ended by signal {}", WTERMSIG(status)));
  notifying_.erase(ended);
}

}  // namespace shunt::host
