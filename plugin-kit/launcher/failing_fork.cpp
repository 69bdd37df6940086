/// A launcher on a machine that is full: only the first SHUNT_TEST_FORKS forks of it and its children succeed.

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
