/// shunt-drill: drills the lifecycle of one plugin, for `shunt check`, and says over a pipe how far it has come. No
/// host and no sandbox: whoever starts it trusts the plugin's bytes.

#include "file_contract.hpp"
#include "keeper.hpp"
#include "linked_manifest.hpp"

#include <shunt/plugin-kit/test/drill.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <dlfcn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace shunt::drill {
namespace {

constexpr int kReport = 3;  ///< The pipe's descriptor.

struct Options {
  int plugin = -1;
  std::vector<int> libraries;
  std::string name;
  std::string version;
  std::vector<std::string> good;
  std::vector<std::string> init;
  std::vector<std::string> validate;
  std::vector<std::string> activate;
};

/// One line; what is gone when it cannot be written is whoever asked.
void report(std::string line) {
  std::ranges::replace(line, '\n', ' ');
  line += '\n';
  [[maybe_unused]] const auto written = ::write(kReport, line.data(), line.size());
}

/// Of "key=value" each.
std::vector<Setting> settings(const std::vector<std::string>& texts) {
  std::vector<Setting> result;
  for (const std::string& each : texts) {
    const auto equals = std::min(each.find('='), each.size() - 1);
    result.push_back({each.substr(0, equals), each.substr(equals + 1)});
  }
  return result;
}

/// Stays loaded: the end of this process unloads it.
Result<void*> load(int descriptor) {
  void* const loaded = ::dlopen(fmt::format("/proc/self/fd/{}", descriptor).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (loaded == nullptr) return error(ErrorCode::NotAPlugin, "it cannot be loaded: {}", ::dlerror());
  return loaded;
}

Status run(const Options& options) {
  report("step load\tload");
  // All stay open until the last is loaded: the loader knows objects by their paths.
  for (const int each : options.libraries) SHUNT_CHECK(load(each));
  SHUNT_TRY(object, load(options.plugin));
  const auto* const plugin = static_cast<const shunt_plugin*>(::dlsym(object, "shunt_plugin_descriptor"));
  if (plugin == nullptr)
    return error(ErrorCode::NotAPlugin, "it exports no shunt_plugin_descriptor: end it with SHUNT_PLUGIN(YourPlugin)");
  SHUNT_TRY(manifest, test::linked_manifest(options.name, options.version));
  const FileContract contract(manifest);
  test::DrillSettings drill{.good = settings(options.good), .keeper = ::getppid()};
  if (!options.init.empty()) drill.init_fails.emplace(settings(options.init));
  if (!options.validate.empty()) drill.validate_fails.emplace(settings(options.validate));
  if (!options.activate.empty()) drill.activate_fails.emplace(settings(options.activate));
  drill.notice = [](std::string_view which, std::string_view phase) {
    report(fmt::format("step {}\t{}", which, phase));
  };
  return test::drill(*plugin, contract.view(), drill, {});
}

}  // namespace
}  // namespace shunt::drill

int main(int argc, char** argv) {
  CLI::App program{"Drills the lifecycle of a plugin; `shunt check` starts it.", "shunt-drill"};
  shunt::drill::Options options;
  program.add_option("--plugin", options.plugin, "Its file, as a descriptor.")->required();
  program.add_option("--library", options.libraries, "A library that it needs, as a descriptor; in order.");
  program.add_option("--name", options.name, "As its manifest says.")->required();
  program.add_option("--its-version", options.version, "As its manifest says.")->required();
  program.add_option("--good", options.good, "KEY=VALUE, with which every phase succeeds.");
  program.add_option("--init", options.init, "KEY=VALUE, with which init fails; so the next two.");
  program.add_option("--validate", options.validate);
  program.add_option("--activate", options.activate);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return program.exit(problem) == 0 ? 0 : 2;
  }
  // The least that can be kept from it without a warden; a crash is told by who waits for us, not by a file.
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  shunt::drill::go_on_below_a_keeper(shunt::drill::kReport);
  const auto passed = shunt::drill::run(options);
  std::fflush(nullptr);  // what the plugin has printed; with the verdict we are ended
  shunt::drill::report(
      passed ? "passed" : fmt::format("failed {} {}", static_cast<int>(passed.error().code), passed.error().message));
  ::_exit(passed ? 0 : 1);  // not exit(): what the plugin has registered is not part of the drill
}
