/// A launcher on a machine that is full: only the first SHUNT_TEST_FORKS forks of it and its children succeed.

#include "sandbox/clone_process.hpp"

#include <cerrno>
#include <cstdlib>

#include <unistd.h>

extern "C" pid_t fork() noexcept {
  static int left = [] {
    const char* const forks = std::getenv("SHUNT_TEST_FORKS");
    return forks == nullptr ? 0 : std::atoi(forks);
  }();
  if (left-- > 0) return ::_Fork();
  errno = EAGAIN;
  return -1;
}

namespace shunt::launcher {

/// Forks like the others, so that the first of them is init's.
pid_t clone_process(int namespaces) noexcept {
  if (namespaces == 0) return ::fork();
  errno = EPERM;
  return -1;
}

}  // namespace shunt::launcher
