#pragma once
/// Keeps 0, 1 and 2 out of the way of sockets and memfds, in a program whose starter closed them.
///
///     int main() { shunt::bus::occupy_standard_descriptors(); ... }

#include <fcntl.h>
#include <unistd.h>

namespace shunt::bus {

/// To be called before anything is opened. Else what is opened next becomes standard input, output or error: what is
/// printed goes into it, and whoever replaces standard input closes it. Reading from what is put there finds the end,
/// printing to it fails.
inline void occupy_standard_descriptors() noexcept {
  int last = -1;
  do last = ::open("/dev/null", O_RDONLY);
  while (last >= 0 && last <= STDERR_FILENO);
  if (last >= 0) ::close(last);
}

}  // namespace shunt::bus
