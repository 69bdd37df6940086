#pragma once
/// A host of momentum 1.4.0 and 1.5.0 whose topics are open, and applications on the other side.

#include "private_mounts.hpp"
#include "running_host.hpp"

#include <memory>

namespace shunt::test {

/// `iceoryx_application` with these words more.
class Application {
 public:
  Application(const std::string& name, const Words& schemas, const Words& more);

  [[nodiscard]] Process& process() { return process_; }
  /// The next that it says of itself for which `holds`. Throws when there is none in time.
  template <typename Holds>
  Json await(Holds&& holds) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    Json said;
    do {
      if (std::chrono::steady_clock::now() > until) throw std::runtime_error("it says last: " + said.dump());
      said = Json::parse(process_.read_line());
    } while (!holds(said));
    return said;
  }
  /// Told to end: what it says last.
  Json end();
  /// With SIGKILL. What iceoryx then leaves of it in /tmp goes too.
  void kill();
  /// Told to kill itself, as its word `dies` says.
  void die();

 private:
  void finish();

  std::string name_;
  Process process_;
};

class OpenHost {
 public:
  /// `more`: further lines of host.toml. Both topics are `open`, with `route` as further lines of both.
  explicit OpenHost(const std::string& more = {}, const std::string& route = {});

  [[nodiscard]] RunningHost& host() { return host_; }
  /// Starts an application once the bridge says that it is connected.
  [[nodiscard]] std::unique_ptr<Application> application(const std::string& name, const Words& more = {});

  /// Of `ls`.
  [[nodiscard]] Json bridge() const { return host_.listed("bridge:iceoryx"); }
  /// What the bridge says of one topic.
  [[nodiscard]] Json says(const std::string& topic) const;
  /// Of the bridge as a receiver of a topic.
  [[nodiscard]] Json receiver(const std::string& topic) const;
  /// Until the instance that is not `not_this` says that it is connected to `state`; gives its number.
  std::uint64_t await_connected(const std::string& state, std::uint64_t not_this = 0) const;
  /// Until the instance that is not `not_this` says one of these states: what `ls` has of it then.
  Json await_state(const Words& states, std::uint64_t not_this) const;
  /// Ends it, and looks whether anything of iceoryx is left.
  void end();

 private:
  RunningHost host_;
};

/// RouDi as the machine runs it.
class MachineRoudi {
 public:
  MachineRoudi();
  [[nodiscard]] Process& process() { return *process_; }
  void kill();
  void start();
  void end();

 private:
  std::optional<Process> process_;
};

/// Files of iceoryx in the private mounts.
[[nodiscard]] Words iceoryx_files();

inline constexpr const char* kOwnRoudi = "a RouDi of its own";
inline constexpr const char* kMachineRoudi = "the machine's RouDi";
inline constexpr const char* kMuteRoudi = "the machine's RouDi, which does not answer: start it anew";

}  // namespace shunt::test
