#pragma once
/// Packets that a plugin has no business sending over its control socket, or not at that moment.

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace shunt::test {

struct Forgery {
  std::string name;  ///< For the test that has it.
  std::vector<std::uint8_t> packet;
  std::uint32_t bytes = 0;  ///< Lengthened to as many.
  std::uint32_t descriptors = 0;
  std::uint32_t times = 1;

  friend void PrintTo(const Forgery& forgery, std::ostream* out) { *out << forgery.name; }
};

/// While it serves: each is the host's, the warden's or another phase's to send, or nobody's.
[[nodiscard]] std::vector<Forgery> forgeries();

/// That init is done, which the kit says itself when it is.
[[nodiscard]] std::string init_done_as_hex();

}  // namespace shunt::test
