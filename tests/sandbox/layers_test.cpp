/// Layer by layer: what `shunt doctor` says is applied is what is found on a plugin that runs, from outside and by an
/// act of its own; and what it says is missing is missing.
#include "tidy_host.hpp"

#include <shunt/host/doctor.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <unistd.h>

namespace shunt::test {
namespace {

using tidy::Deed;

constexpr const char* kNobody = "65534";
constexpr int kCrowd = 64;  ///< Threads, above the limit.
constexpr int kMuch = 70;   ///< MiB, above what is told and below the limit.

/// A plugin that runs, as others see it.
class Running {
 public:
  explicit Running(Host& host) {
    // The host hears its number a moment after it serves.
    for (int i = 0; i < 30'000 && pid_ == 0; ++i) {
      pid_ = host.snapshot().plugins.at(0).pid;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    if (pid_ == 0) throw std::runtime_error("waited in vain for the plugin's pid");
  }

  [[nodiscard]] bool has_own(const std::string& space) const {
    const auto theirs = std::filesystem::read_symlink(fmt::format("/proc/{}/ns/{}", pid_, space));
    return theirs != std::filesystem::read_symlink("/proc/self/ns/" + space);
  }
  /// The line of its status that begins with `key`: all words of it.
  [[nodiscard]] std::vector<std::string> status(const std::string& key) const {
    std::ifstream file{fmt::format("/proc/{}/status", pid_)};
    for (std::string line; std::getline(file, line);) {
      std::istringstream words{line};
      std::string first;
      words >> first;
      if (first == key) return {std::istream_iterator<std::string>{words}, {}};
    }
    return {};
  }
  /// But for a /proc of its own, which loading takes where nobody judges.
  [[nodiscard]] bool has_empty_root() const {
    const std::filesystem::directory_iterator entries{fmt::format("/proc/{}/root", pid_)};
    return std::all_of(begin(entries), end(entries),
                       [](const auto& entry) { return entry.path().filename() == "proc"; });
  }

 private:
  std::int64_t pid_ = 0;
};

struct Machine {
  const char* name;
  const char* launcher;
  friend void PrintTo(const Machine& machine, std::ostream* out) { *out << machine.name; }
};

class Layers : public TidyHost, public testing::WithParamInterface<Machine> {
 protected:
  /// What an act of the plugin says of itself: its number, its user and the name of its machine, "?" when the call that
  /// asks for it is denied, as granted calls are where nobody judges.
  static std::vector<std::string> look(Host& host) {
    std::istringstream words{act(host, Deed::Look).text};
    return {std::istream_iterator<std::string>{words}, {}};
  }

  /// What is found of each layer.
  static std::map<std::string, bool> find_layers(Host& host) {
    const Running plugin{host};
    const auto [number, user, machine] = three(look(host));
    const bool is_root = ::geteuid() == 0;
    const bool denied = act(host, Deed::Deny, {}, 1).stopped_by == 0 && is_recorded(host, "chdir", ENOSYS);
    return {
        {"UserNamespace", plugin.has_own("user")},
        {"PidNamespace", plugin.has_own("pid") && number == "2"},
        {"NetworkNamespace", plugin.has_own("net")},
        {"IpcNamespace", plugin.has_own("ipc")},
        {"HostName", plugin.has_own("uts") && (machine == "plugin" || machine == "?")},
        {"CgroupNamespace", plugin.has_own("cgroup")},
        {"Identity", user == kNobody && (is_root ? plugin.status("Uid:").at(0) == kNobody : plugin.has_own("user"))},
        {"EmptyRoot", plugin.has_own("mnt") && plugin.has_empty_root()},
        {"Capabilities", has_no_privilege(plugin)},
        {"Filter", plugin.status("Seccomp:") == std::vector<std::string>{"2"}},
        {"Landlock", act(host, Deed::Root).stopped_by == EACCES},
        {"Audit", denied},
        {"ThreadLimit", act(host, Deed::Crowd, {}, kCrowd).stopped_by == EAGAIN && is_recorded(host, "clone", EAGAIN)},
        {"MemoryWatch", act(host, Deed::Touch, {}, kMuch).stopped_by == 0 && is_told_of_memory(host)}};
  }

 private:
  static std::array<std::string, 3> three(const std::vector<std::string>& words) {
    return {words.at(0), words.at(1), words.at(2)};
  }
  static bool has_no_privilege(const Running& plugin) {
    for (const char* set : {"CapInh:", "CapPrm:", "CapEff:", "CapAmb:"})
      if (plugin.status(set) != std::vector<std::string>{"0000000000000000"}) return false;
    return plugin.status("NoNewPrivs:") == std::vector<std::string>{"1"};
  }
  static bool is_told_of_memory(Host& host) {
    return await_event(host, HostEventKind::MemoryHigh).text.find("private memory") != std::string::npos;
  }
  /// Whether a record of it comes, as it does at once where somebody judges.
  static bool is_recorded(Host& host, const char* call, int answer) {
    try {
      return await_record(host, "Activate", call, std::chrono::seconds{2}).answer == answer;
    } catch (const std::runtime_error&) {
      return false;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(On, Layers,
                         testing::Values(Machine{"this_machine", LAUNCHER},
                                         Machine{"one_without_namespaces", LAUNCHER_WITHOUT_NAMESPACES},
                                         Machine{"one_without_landlock", LAUNCHER_WITHOUT_LANDLOCK},
                                         Machine{"one_without_a_listener", LAUNCHER_WITHOUT_LISTENER}),
                         [](const auto& machine) { return std::string{machine.param.name}; });

TEST_P(Layers, that_doctor_says_are_applied_are_found_on_a_plugin_and_no_others) {
  const auto said = examine_sandbox(GetParam().launcher);
  ASSERT_TRUE(said) << to_string(said.error());
  HostConfiguration here = configuration();
  here.launcher = GetParam().launcher;
  Host host = start(std::move(here));

  const auto found = find_layers(host);

  for (const SandboxLayer& layer : *said) {
    ASSERT_TRUE(found.contains(layer.name)) << layer.name;
    EXPECT_EQ(found.at(layer.name), layer.applied) << layer.name << ": " << layer.detail;
  }
  EXPECT_EQ(host.snapshot().plugins.at(0).sandbox == "full", std::ranges::all_of(*said, &SandboxLayer::applied));
}

}  // namespace
}  // namespace shunt::test
