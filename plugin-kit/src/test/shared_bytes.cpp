#include <shunt/plugin-kit/test/shared_bytes.hpp>

#include <cstring>
#include <new>

namespace shunt::test {

SharedBytes SharedBytes::copy_of(std::span<const std::uint8_t> bytes) {
  SharedBytes copy;
  if (bytes.empty()) return copy;
  auto* const memory = static_cast<std::uint8_t*>(::operator new(bytes.size()));  // aligned for everything
  copy.memory_.reset(memory, [](const std::uint8_t* mine) { ::operator delete(const_cast<std::uint8_t*>(mine)); });
  copy.bytes_ = bytes.size();
  std::memcpy(memory, bytes.data(), bytes.size());
  return copy;
}

}  // namespace shunt::test
