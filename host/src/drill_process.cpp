#include "drill_process.hpp"

#include <shunt/bus/unique_fd.hpp>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shunt::host {
namespace {

constexpr int kReport = 3;
constexpr std::size_t kReportBytesMax = 64u << 10;  ///< Of all that it says: what is more is a plugin's doing.

struct Child {
  pid_t pid = -1;
  bus::UniqueFd reports;
};

/// What the spawned program gets in place of our descriptors.
class Actions {
 public:
  Actions() { ::posix_spawn_file_actions_init(&actions_); }
  ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;

  void give(int descriptor, int as) { ::posix_spawn_file_actions_adddup2(&actions_, descriptor, as); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

/// Out of the way of the numbers that the child is to have.
Result<bus::UniqueFd> moved_up(int descriptor, int above) {
  bus::UniqueFd copy{::fcntl(descriptor, F_DUPFD_CLOEXEC, above)};
  if (!copy) return system_error("preparing the descriptors of a drill");
  return copy;
}

Result<Child> start(const std::filesystem::path& program, std::vector<std::string>& arguments,
                    std::span<const int> descriptors) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("creating a pipe for a drill");
  Child child;
  child.reports = bus::UniqueFd{ends[0]};
  const bus::UniqueFd theirs{ends[1]};
  const int above = kDrillDescriptorFirst + static_cast<int>(descriptors.size());
  std::vector<bus::UniqueFd> given;
  Actions actions;
  SHUNT_TRY(report, moved_up(theirs.get(), above));
  actions.give(report.get(), kReport);
  given.push_back(std::move(report));
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    SHUNT_TRY(copy, moved_up(descriptors[i], above));
    actions.give(copy.get(), kDrillDescriptorFirst + static_cast<int>(i));
    given.push_back(std::move(copy));
  }
  actions.give(STDERR_FILENO, STDOUT_FILENO);  // what the plugin prints is no answer of ours
  std::string name = program;
  std::vector<char*> words{name.data()};
  for (std::string& each : arguments) words.push_back(each.data());
  words.push_back(nullptr);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);  // a group of its own, to be ended as a whole
  char* const no_environment[] = {nullptr};
  const int code = ::posix_spawn(&child.pid, name.c_str(), actions.get(), &attributes, words.data(), no_environment);
  ::posix_spawnattr_destroy(&attributes);
  if (code != 0) return error(ErrorCode::System, "starting {}: {}", name, ::strerror(code));
  return child;
}

/// What has been said so far.
struct Said {
  PluginDrill drill{};
  std::string phase;
  bool verdict = false;  ///< Passed or failed.

  void hear(std::string_view line) {
    if (line.starts_with("step ")) {
      const auto tab = std::min(line.find('\t'), line.size() - 1);
      const std::string which{line.substr(5, tab - 5)};
      if (drill.drills.empty() || drill.drills.back() != which) drill.drills.push_back(which);
      phase = line.substr(tab + 1);
    } else if (line == "passed") {
      verdict = true;
    } else if (line.starts_with("failed ")) {
      unsigned code = 0;
      const auto end = std::from_chars(line.data() + 7, line.data() + line.size(), code).ptr;
      const auto text = static_cast<std::size_t>(end - line.data());
      drill.finding = Error{static_cast<ErrorCode>(code), std::string(line.substr(std::min(text + 1, line.size())))};
      verdict = true;
    }
  }

  [[nodiscard]] std::string where() const {
    return fmt::format("{} in the drill \"{}\"", phase, drill.drills.empty() ? "" : drill.drills.back());
  }
};

enum class Reading { Ended, Stuck, TooMuch };

Reading read_reports(int pipe, std::chrono::nanoseconds patience, Said& said) {
  const int patience_ms = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(patience).count());
  std::string text;
  std::size_t total = 0;
  for (;;) {
    pollfd source{pipe, POLLIN, 0};
    const int ready = ::poll(&source, 1, patience_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return Reading::Stuck;
    char part[1024];
    const auto bytes = ::read(pipe, part, sizeof part);
    if (bytes <= 0) return Reading::Ended;
    total += static_cast<std::size_t>(bytes);
    if (total > kReportBytesMax) return Reading::TooMuch;
    text.append(part, static_cast<std::size_t>(bytes));
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      said.hear(std::string_view{text}.substr(0, end));
      text.erase(0, end + 1);
    }
    if (said.verdict) return Reading::Ended;  // a child of the plugin may hold the pipe for as long as it likes
  }
}

/// Its status. One that does not end, because the plugin has stopped it, is killed, with its session.
int wait_for(pid_t drill) {
  constexpr int kPatienceMs = 5000;
  const bus::UniqueFd descriptor{static_cast<int>(::syscall(SYS_pidfd_open, drill, 0))};
  pollfd source{descriptor.get(), POLLIN, 0};
  int ready = -1;
  do ready = ::poll(&source, 1, kPatienceMs);
  while (ready < 0 && errno == EINTR);
  ::kill(-drill, SIGKILL);  // nobody else has this number until it is waited for
  int status = 0;
  while (::waitpid(drill, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// What became of a drill that came to no verdict.
Error ended(const Said& said, int status) {
  if (WIFSIGNALED(status))
    return {ErrorCode::PluginCrashed, fmt::format("{} was ended by signal {} ({})", said.where(), WTERMSIG(status),
                                                  ::strsignal(WTERMSIG(status)))};
  return {ErrorCode::PluginExited, fmt::format("{} exited with code {}", said.where(), WEXITSTATUS(status))};
}

}  // namespace

Result<PluginDrill> run_drill(const std::filesystem::path& program, std::vector<std::string> arguments,
                              std::span<const int> descriptors, std::chrono::nanoseconds patience) {
  SHUNT_TRY(child, start(program, arguments, descriptors));
  Said said;
  const Reading reading = read_reports(child.reports.get(), patience, said);
  child.reports.reset();  // it ends by that, and with it what the plugin has started
  const int status = wait_for(child.pid);
  if (said.verdict) return said.drill;
  if (reading == Reading::Stuck)
    said.drill.finding =
        Error{ErrorCode::PluginStuck, fmt::format("{} did not return within {} ms and was ended", said.where(),
                                                  std::chrono::ceil<std::chrono::milliseconds>(patience).count())};
  else if (reading == Reading::TooMuch)
    said.drill.finding = Error{ErrorCode::PluginFailed, fmt::format("{} wrote into its drill's report", said.where())};
  else said.drill.finding = ended(said, status);
  return said.drill;
}

}  // namespace shunt::host
