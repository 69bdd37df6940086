#pragma once
/// `ulimit -f`, which holds for shared memory, too: a write beyond it does not fail, it ends the process (SIGXFSZ).

#include <shunt/schemas/result.hpp>

#include <cstddef>

#include <sys/resource.h>

namespace shunt::bus {

/// Whether a file of this process may have so many bytes. Errors: System, naming the limit.
[[nodiscard]] inline Status fits_file_limit(std::size_t bytes) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || bytes <= limit.rlim_cur) return {};  // RLIM_INFINITY is the largest
  return error(ErrorCode::System,
               "{} bytes of shared memory are more than the {} that this process may write: raise `ulimit -f`", bytes,
               limit.rlim_cur);
}

}  // namespace shunt::bus
