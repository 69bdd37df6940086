/// bridge: each is a program of its own, because only that needs what is on its other side.

#include "commands.hpp"

#include <unistd.h>

namespace shunt::tool {
namespace {

constexpr std::string_view kHelp =
    R"(Carries a host's open topics to and from a world outside. A host with such topics starts it by itself:

  shunt bridge iceoryx    for routes that are open = "iceoryx" in host.toml
  shunt bridge dds        for routes that are open = "dds"

Each has a --help of its own. What runs, and what it has carried, `shunt ls` shows.)";

}  // namespace

Result<int> run_bridge(int argc, char** argv) {
  const std::string_view which = argc < 3 ? "" : argv[2];
  if (which == "--help" || which == "-h") return print_line(kHelp), kDone;
  if (which.empty() || which.starts_with('-')) {
    print_error({ErrorCode::BadInput, "say which: shunt bridge iceoryx --help, or dds"}, false);
    return kMisused;
  }
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored)
                           .replace_filename(fmt::format("shunt-bridge-{}", argv[2]));
  std::string name = fmt::format("shunt bridge {}", argv[2]);
  argv[2] = name.data();
  ::execv(program.c_str(), argv + 2);
  return error(ErrorCode::System, "{} cannot be run: build it with -D SHUNT_BRIDGES=ON, or install it beside shunt",
               program.string());
}

}  // namespace shunt::tool
