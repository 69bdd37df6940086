/// shunt-bridge-iceoryx: carries a host's open topics to and from ordinary iceoryx 2.0.3 applications.

#include "iceoryx_world.hpp"

#include <shunt/bridges/program.hpp>

int main(int argc, char** argv) {
  return shunt::bridges::run_program(argc, argv, {"shunt-bridge-iceoryx", "iceoryx", shunt::bridges::make_iceoryx});
}
