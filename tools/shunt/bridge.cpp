/// bridge: each is a program of its own, because only that needs what is on its other side.

#include "commands.hpp"

#include <unistd.h>

namespace shunt::tool {

Status run_bridge(int argc, char** argv) {
  if (argc < 3 || argv[2][0] == '-')
    return error(ErrorCode::BadInput, "say which: shunt bridge iceoryx --help, or dds");
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
