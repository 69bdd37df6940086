#pragma once
/// A launcher that can be held: the next start waits before it until it is let through, later ones pass by it.
///
///     const Gate gate{LAUNCHER};
///     configuration.launcher = gate.launcher();
///     gate.hold_next("restart");
///     send_signal(pid_of(host, "actor"), SIGKILL);
///     ASSERT_TRUE(await([&] { return gate.holds("restart"); }));
///     gate.let_through("restart");

#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <temporary_directory.hpp>

namespace shunt::test {

class Gate {
 public:
  explicit Gate(const std::string& launcher)
      : launcher_(directory_.write("launcher", fmt::format("#!/bin/sh\n"
                                                           "cd '{0}'\n"
                                                           "if mv next at.$$ 2> /dev/null; then\n"
                                                           "  name=$(cat at.$$)\n"
                                                           "  mv at.$$ \"$name\"\n"
                                                           "  while [ -e \"$name\" ]; do sleep 0.01; done\n"
                                                           "fi\n"
                                                           "exec '{1}' \"$@\"\n",
                                                           directory_.path().string(), launcher))) {
    std::filesystem::permissions(launcher_, std::filesystem::perms::owner_all);
  }

  [[nodiscard]] const std::filesystem::path& launcher() const { return launcher_; }
  void hold_next(const std::string& name) const {
    std::filesystem::rename(directory_.write("written", name), directory_.path() / "next");
  }
  [[nodiscard]] bool holds(const std::string& name) const { return std::filesystem::exists(directory_.path() / name); }
  void let_through(const std::string& name) const { std::filesystem::remove(directory_.path() / name); }

 private:
  TemporaryDirectory directory_;
  std::filesystem::path launcher_;
};

}  // namespace shunt::test
