#include "relaxed_calls.hpp"

#ifdef SHUNT_SANITIZED
#include <algorithm>
#include <array>

#include <sys/syscall.h>
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>

/// As a process ends it is looked at for leaks by another that traces it, which the sandbox does not let happen: it
/// would end with the sanitizer's exit code in place of its own.
extern "C" int __lsan_is_turned_off() { return 1; }
#endif

namespace shunt::launcher {

#ifdef SHUNT_SANITIZED

bool is_relaxed(int number) noexcept {
  // Mapping the shadow, finding their own program and stacks, symbols of a report.
  constexpr std::array kCalls{SYS_mmap,       SYS_mprotect, SYS_madvise, SYS_openat, SYS_newfstatat, SYS_readlink,
                              SYS_readlinkat, SYS_prctl,    SYS_uname,   SYS_getcwd, SYS_ioctl};
  return std::ranges::find(kCalls, number) != kCalls.end();
}

#else

bool is_relaxed(int /*number*/) noexcept { return false; }

#endif

}  // namespace shunt::launcher
