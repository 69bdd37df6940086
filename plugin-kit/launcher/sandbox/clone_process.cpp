#include "clone_process.hpp"

#include <csignal>

#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::launcher {

pid_t clone_process(int namespaces) noexcept {
  if (namespaces == 0) return ::fork();
    // As glibc's fork() does it, without its handlers: no other thread can hold a lock here.
#if defined(__s390__)
#error "the first two arguments of clone are the other way round"
#endif
  return static_cast<pid_t>(::syscall(SYS_clone, namespaces | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

}  // namespace shunt::launcher
