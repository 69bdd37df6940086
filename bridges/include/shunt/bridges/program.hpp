#pragma once
/// The whole of a bridge's program but its world.
///
///     int main(int argc, char** argv) {
///       return shunt::bridges::run_program(argc, argv, {"shunt-bridge-iceoryx", "iceoryx", make_world});
///     }

#include <shunt/bridges/world.hpp>

#include <string>

namespace shunt::bridges {

/// Confines the process that carries, before its world is made and while it has one thread. Gives which layers hold.
/// `data_bytes_max`: of private memory.
using Confine = std::function<control::ConfinedT(const Agreement&, std::uint64_t data_bytes_max)>;

struct Program {
  std::string name;   ///< "shunt-bridge-iceoryx"
  std::string world;  ///< "iceoryx", for the help.
  MakeWorld make_world;
  Confine confine{};  ///< None: it has no sandbox.
};

/// Reads the command line and serves the host that started it until that says goodbye, or has gone. 0 done, 1 failed,
/// 2 misused. It starts one child, which does the work, and tells the host how that ended.
[[nodiscard]] int run_program(int argc, char** argv, const Program& program);

}  // namespace shunt::bridges
