#pragma once
/// `shunt run` on a host.toml of its own, and `shunt` asked about it.
///
///     RunningHost host{{plugin(ACTOR)}};
///     EXPECT_EQ(host.shunt({"stop", "actor"}).code, 0);
///     EXPECT_EQ(host.end().code, 0);

#include "process.hpp"
#include "waiting.hpp"

#include <filesystem>
#include <optional>
#include <string>

#include <temporary_directory.hpp>

namespace shunt::test {

/// A [[plugin]] of a host.toml that sleeps while it waits; `more` are further lines of it.
std::string plugin(const std::string& file, const std::string& more = {});
/// What an actor is told, as JSON: {"deed":"Echo","number":7}.
std::string order(const std::string& deed, int number = 0, const std::string& more = {});
/// The same program for each of these tests: the one that was built beside them.
Ran shunt(const Words& arguments, const Words& environment = {});

class RunningHost {
 public:
  /// Its folder is new; its socket is "host.sock" in there. `trust` are the lines of [trust].
  explicit RunningHost(const Words& plugins, const std::string& trust = "allow_unsigned = true");

  [[nodiscard]] const std::filesystem::path& folder() const { return directory_.path(); }
  [[nodiscard]] std::string socket() const { return directory_.path() / "host.sock"; }
  [[nodiscard]] Process& process() { return *process_; }

  /// `shunt ARGUMENTS --socket SOCKET`
  [[nodiscard]] Ran shunt(Words arguments) const;
  /// The same with --json, and the object it prints. Fails the test when it does not exit with 0.
  Json ask(Words arguments) const;
  /// Of the plugin's instance that `ls` shows, or null.
  [[nodiscard]] Json listed(const std::string& plugin) const;
  /// Throws when there is no such event in time.
  Json await_event(const std::string& kind, const std::string& plugin) const;

  /// Told by `signal` to end, it and all it started have ended. Its socket is looked for.
  Ran end(int signal);
  Ran end();

 private:
  TemporaryDirectory directory_;
  std::optional<Process> process_;
};

}  // namespace shunt::test
