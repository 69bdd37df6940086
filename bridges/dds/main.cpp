/// shunt-bridge-dds: carries a host's open topics to and from Cyclone DDS, on this machine and others.

#include "confinement.hpp"
#include "dds_world.hpp"

#include <shunt/bridges/program.hpp>

namespace {

/// What DDS and the C library look into: seeds of identifiers, time zones, and names of machines.
shunt::control::ConfinedT confine(const shunt::bridges::Agreement& agreement, std::uint64_t data_bytes_max) {
  std::vector<std::string> readable{"/dev/urandom",   "/etc/localtime",     "/etc/hosts",   "/etc/resolv.conf",
                                    "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf"};
  if (auto file = agreement.setting("configuration"); !file.empty()) readable.push_back(std::move(file));
  return shunt::bridges::confine_to_network(readable, data_bytes_max);
}

}  // namespace

int main(int argc, char** argv) {
  return shunt::bridges::run_program(argc, argv, {"shunt-bridge-dds", "dds", shunt::bridges::make_dds, confine});
}
