/// host.toml that says what cannot be: refused before any process is started.
#include "mistakes.hpp"
#include "offender_config.hpp"

#include <filesystem>

#include <temporary_directory.hpp>

namespace shunt::test {
namespace {

/// A launcher that leaves a mark where it is started. No plugin comes of it.
class Marked {
 public:
  Marked() {
    const auto script = folder_.write("launcher", "#!/bin/sh\n: > '" + mark().string() + "'\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  }

  /// What starting a host with these lines after [host] and [trust] says.
  [[nodiscard]] std::string started_with(const std::string& lines) const {
    const auto file =
        folder_.write("host.toml", "[host]\nlauncher = \"launcher\"\n[trust]\nallow_unsigned = true\n" + lines);
    const auto host = Host::start(file);
    return host ? "it started" : to_string(host.error());
  }
  [[nodiscard]] bool was_started() const { return std::filesystem::exists(mark()); }

 private:
  [[nodiscard]] std::filesystem::path mark() const { return folder_.path() / "started"; }

  TemporaryDirectory folder_;
};

std::string plugin_lines(const std::string& more) { return "[[plugin]]\npath = \"" OFFENDER "\"\n" + more + "\n"; }

auto refused(std::string lines) {
  return [lines = std::move(lines)] {
    const Marked launcher;
    auto said = launcher.started_with(lines);
    EXPECT_FALSE(launcher.was_started()) << "a process was started for it";
    return said;
  };
}

auto config(const std::string& settings) { return refused(plugin_lines("config = { " + settings + " }")); }

class HostToml : public HostTest {};

TEST_F(HostToml, that_can_be_starts_the_launcher_that_others_never_see) {
  const Marked launcher;

  const auto said = launcher.started_with(plugin_lines("restart = { crashes = 1 }\nconfig = { account = \"a\" }"));

  EXPECT_NE(said, "it started");
  EXPECT_TRUE(launcher.was_started()) << said;
}

}  // namespace

Mistakes mistakes_in_host_toml() {
  return {
      {"A setting of the wrong type", config(R"(account = "a", window = "twenty")")},
      {"A setting that is out of range", config(R"(account = "a", window = 1)")},
      {"A setting that does not match its pattern", config(R"(account = "a", mode = "slow")")},
      {"A setting that the plugin does not know", config(R"(account = "a", windwo = 20)")},
      {"A setting that has to be given and is not", config("window = 20")},
      {"A key that host.toml does not know", refused(plugin_lines("slotz = 64"))},
      {"A value of the wrong type", refused(plugin_lines("slots = \"64\""))},
      {"A size that cannot be", refused(plugin_lines("outbound = { \"200 B\" = 0 }"))},
      {"A duration that cannot be", refused("[routes.\"offender/commit\"]\ndeadline = \"2 m\"")},
      {"A route of a function that its plugin does not have",
       refused(plugin_lines("config = { account = \"a\" }") + "[routes.\"offender/comit\"]\ndeadline = \"2 ms\"")},
      {"A plugin's file that is not there", refused("[[plugin]]\npath = \"plugins/libnowhere.so\"")},
      {"A file that is no plugin", refused("[[plugin]]\npath = \"launcher\"")},
  };
}

}  // namespace shunt::test
