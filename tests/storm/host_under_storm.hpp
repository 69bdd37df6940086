#pragma once
/// A host with witness and relay, which starts what dies again at once and never gives up; and the evidence they leave.
///
///     HostUnderStorm storm{{.both_versions = true}};
///     storm.host().switch_to("witness", "1.1.0");
///     ASSERT_EQ(storm.settle(), "");

#include "evidence.hpp"

#include <shunt/host.hpp>

#include <filesystem>
#include <optional>
#include <string>

#include <temporary_directory.hpp>

namespace storm {

struct StormOptions {
  std::filesystem::path launcher = STORM_LAUNCH;
  const char* witness = STORM_WITNESS;  ///< Which plugin is witness 1.0.0.
  bool both_versions = false;           ///< witness 1.0.0, which serves first, and 1.1.0.
  std::uint32_t instances = 1;          ///< Of witness 1.0.0; one more of 1.1.0 where these are several.
  shunt::ReadMode read = shunt::ReadMode::Auto;
};

class HostUnderStorm {
 public:
  /// Throws when the host does not start: there is no test without it.
  explicit HostUnderStorm(const StormOptions& options = {});
  HostUnderStorm(const HostUnderStorm&) = delete;
  HostUnderStorm& operator=(const HostUnderStorm&) = delete;

  shunt::Host& host() { return *host_; }
  /// As it is now. Of one thread.
  const Evidence& evidence() {
    evidence_.read();
    return evidence_;
  }

  /// Drives the host until nothing is on its way and every chunk is back; empty, or what never came to rest. While no
  /// other thread uses the host.
  std::string settle();
  /// Forgets the evidence. While nothing is on its way.
  void wipe();
  /// Destroys the host before its time.
  void end() { host_.reset(); }

 private:
  std::string restless(const shunt::HostSnapshot& seen);

  shunt::test::TemporaryDirectory directory_;
  Evidence evidence_{directory_.path() / "evidence"};
  std::optional<shunt::Host> host_;
};

/// The instance of a plugin in this state ("" for any), newer than `after`; none when there is none now.
std::optional<shunt::PluginSnapshot> find_instance(shunt::Host& host, std::string_view plugin, std::uint64_t after = 0,
                                                   std::string_view state = "Active");
/// Who runs, what waits and what happened last, for a test to fail with.
std::string describe(shunt::Host& host);
/// Deaths of a plugin that nobody asked for, as the host counted them.
std::uint64_t crashes_of(shunt::Host& host, std::string_view plugin);

}  // namespace storm
