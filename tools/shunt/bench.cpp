/// bench: the benchmarks are a program of their own, because they need what a host does not.

#include "commands.hpp"

#include <unistd.h>

namespace shunt::tool {

Status run_bench(int /*argc*/, char** argv) {
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored).replace_filename("shunt-bench");
  std::string name = "shunt bench";
  argv[1] = name.data();
  ::execv(program.c_str(), argv + 1);
  return error(ErrorCode::System,
               "{} cannot be run: benchmarks are not installed; run `tools/dev bench` in Shunt's source tree, or build "
               "there with -D SHUNT_BENCH=ON and say shunt bench of that build",
               program.string());
}

}  // namespace shunt::tool
