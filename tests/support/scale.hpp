#pragma once
/// How large a test is to be: the counts written in a test are the full size, which runs by hand before a release;
/// every other run does a tenth.
///
///     for (std::size_t kill = 0; kill < shunt::test::scaled(10'000); ++kill) ...

#include <algorithm>
#include <cstddef>
#include <cstdlib>

namespace shunt::test {

/// Whether SHUNT_FULL is set, to anything but 0 or nothing.
inline bool full_size() {
  const char* const value = std::getenv("SHUNT_FULL");
  return value != nullptr && *value != '\0' && *value != '0';
}

/// `count` when SHUNT_FULL is set, a tenth of it (at least 1) otherwise.
inline std::size_t scaled(std::size_t count) { return full_size() ? count : std::max<std::size_t>(count / 10, 1); }

}  // namespace shunt::test
