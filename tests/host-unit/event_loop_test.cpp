// The control loop where the machine gives it nothing to run on.

#include "event_loop.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace shunt::host {
namespace {

constexpr uid_t kNobody = 65534;

/// Ends this process: 0, when a loop that got no thread said so and what to do.
[[noreturn]] void start_without_threads() {
  const rlimit none{0, 0};
  const bool bound = ::setrlimit(RLIMIT_NPROC, &none) == 0 && (::geteuid() != 0 || ::setuid(kNobody) == 0);
  if (!bound) ::_exit(2);  // root has no such limit
  const auto loop = EventLoop::create();
  const auto started = loop ? (*loop)->start() : Status{};
  const bool told = !started && started.error().code == ErrorCode::System &&
                    started.error().message.find("ulimit -u") != std::string::npos && !(*loop)->is_running();
  ::_exit(told ? 0 : 1);
}

TEST(ControlLoop, without_a_thread_says_so_instead_of_ending_the_process) {
  EXPECT_EXIT(start_without_threads(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace shunt::host
