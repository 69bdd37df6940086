#pragma once
/// The commands of `shunt`, and what the command line said to them.

#include "ask.hpp"

#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace shunt::tool {

/// Everything that can be said on the command line; each command reads its own part.
struct Options {
  HostChoice host;
  bool json = false;
  std::string name;                 ///< A route, topic, plugin or file, as the command says.
  std::string text;                 ///< A payload as JSON.
  std::string version;              ///< To switch to.
  std::vector<std::string> more{};  ///< Further plugins, each with the version to switch to; or versions and weights.
  std::string plugin;               ///< Which of several that hear a topic.
  bool reset = false;               ///< All to the version that serves.
  bool explain = false;
  bool windows = false;
  bool coverage = false;
  std::string hints;  ///< What a message wants of its version.
  std::optional<std::int64_t> deadline_ms{};
  bool urgent = false;                        ///< A publication.
  std::optional<std::string> message_key{};   ///< A whole number, else a text.
  std::uint64_t count = 0;                    ///< 0: without end.
  std::vector<std::filesystem::path> keys{};  ///< Files: one private key, or public ones.
  std::string not_after;                      ///< A day; empty: none.
  bool strict = false;
  std::string newer;  ///< A second file.
  bool matrix = false;
  bool everything = false;  ///< --all
  bool no_drill = false;
  bool confirm = false;
  std::vector<std::string> failing{};  ///< "PHASE.KEY=VALUE" each.
};

/// Exit codes of every command.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kMisused = 2;  ///< The command line is wrong.
/// Exit codes of `shunt compat` beside those of every command: its answer, for scripts.
inline constexpr int kExitRelink = 3;
inline constexpr int kExitRefuse = 4;
/// Of `shunt check`: the plugin would run, and the drill found something.
inline constexpr int kExitDrill = 3;

Status run_host(const Options& options);
Status plan_host(const Options& options);
Status list_host(const Options& options);
Status call_function(const Options& options);
Status publish_topic(const Options& options);
Status echo_topic(const Options& options);
Status switch_plugins(const Options& options);
Status route_messages(const Options& options);
Status advance_clock(const Options& options);
Status stop_scope(const Options& options);
Status restart_scope(const Options& options);
Status drain_scope(const Options& options);
Status disable_scope(const Options& options);
Status enable_scope(const Options& options);
Status inspect_name(const Options& options);
Status make_keys(const Options& options);
Status sign_file(const Options& options);
Status verify_file(const Options& options);
Status show_audit(const Options& options);
Status show_coverage(const Options& options);
Status examine(const Options& options);
Status tell_version(const Options& options);
Status new_plugin(const Options& options);
/// These give the exit code.
Result<int> compare_files(const Options& options);
Result<int> check_file(const Options& options);
Result<int> roll_out(const Options& options);

/// Replaces this process by shunt-bench with all further arguments. Errors: System.
Status run_bench(int argc, char** argv);
/// The same for `shunt bridge WORLD`; without one the exit code of what it said instead. Errors: System (no such
/// program is beside us).
Result<int> run_bridge(int argc, char** argv);

}  // namespace shunt::tool
