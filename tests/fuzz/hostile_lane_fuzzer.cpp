// The entry point of libFuzzer: the input's bytes are what a plugin writes, the host polls in between.

#include "hostile_lane.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  shunt::bus::test::poll_hostile_plugin({data, size});
  return 0;
}
