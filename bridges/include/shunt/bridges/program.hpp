#pragma once
/// The whole of a bridge's program but its world.
///
///     int main(int argc, char** argv) {
///       return shunt::bridges::run_program(argc, argv, {"shunt-bridge-iceoryx", "iceoryx", make_world});
///     }

#include <shunt/bridges/world.hpp>

#include <string>

namespace shunt::bridges {

struct Program {
  std::string name;   ///< "shunt-bridge-iceoryx"
  std::string world;  ///< "iceoryx", for the help.
  MakeWorld make_world;
};

/// Reads the command line and serves the host that started it until that says goodbye, or has gone. 0 done, 1 failed,
/// 2 misused. It starts one child, which does the work, and tells the host how that ended.
[[nodiscard]] int run_program(int argc, char** argv, const Program& program);

}  // namespace shunt::bridges
