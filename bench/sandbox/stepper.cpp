#include "stepper.hpp"

#include <shunt/bench/mark.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <utility>

#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

namespace shunt::bench {
namespace {

constexpr std::uint64_t kPatience = 1'000'000;  ///< Instructions.

Result<int> await_stop(pid_t thread) {
  int status = 0;
  while (::waitpid(thread, &status, __WALL) < 0)
    if (errno != EINTR) return system_error("waiting for a thread that is led");
  if (WIFSIGNALED(status))
    return error(ErrorCode::System, "thread {}, which is led, was ended by signal {}", thread, WTERMSIG(status));
  if (!WIFSTOPPED(status)) return error(ErrorCode::System, "thread {}, which is led, has ended", thread);
  return status;
}

}  // namespace

Result<Stepper> Stepper::seize(pid_t thread) {
#if defined(__x86_64__)
  if (::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0)
    return system_error(fmt::format("tracing thread {} to count its instructions", thread));
  Stepper stepper{thread};
  if (::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) != 0) return system_error("stopping a thread");
  SHUNT_TRY(status, await_stop(thread));
  static_cast<void>(status);
  return stepper;
#else
  static_cast<void>(thread);
  return error(ErrorCode::System, "instructions are counted on x86-64 only");
#endif
}

Stepper::~Stepper() {
  if (thread_ != 0) ::ptrace(PTRACE_DETACH, thread_, nullptr, signal_);
}

Status Stepper::step() {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): ptrace takes the signal's number where others take a pointer.
  if (::ptrace(PTRACE_SINGLESTEP, thread_, nullptr, reinterpret_cast<void*>(std::intptr_t{signal_})) != 0)
    return system_error("leading a thread on");
  signal_ = 0;
  SHUNT_TRY(status, await_stop(thread_));
  const bool stepped = WSTOPSIG(status) == SIGTRAP && status >> 16 == 0;
  if (!stepped && status >> 16 == 0) signal_ = WSTOPSIG(status);
  return {};
}

std::uint64_t Stepper::place() const {
#if defined(__x86_64__)
  return static_cast<std::uint64_t>(::ptrace(PTRACE_PEEKUSER, thread_, offsetof(user_regs_struct, rip), nullptr));
#else
  return 0;
#endif
}

Stepper::Kind Stepper::kind_at(std::uint64_t place) {
  const auto known = kinds_.find(place);
  if (known != kinds_.end()) return known->second;
  Kind kind = Kind::Other;
#if defined(__x86_64__)
  constexpr std::array<std::uint8_t, 2> kSystemCall{0x0f, 0x05};
  std::array<std::uint8_t, kMark.size()> code{};
  const iovec local{code.data(), code.size()};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of the other process, which only the kernel follows.
  const iovec remote{reinterpret_cast<void*>(place), code.size()};
  if (::process_vm_readv(thread_, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(code.size())) {
    if (code == kMark) kind = Kind::Mark;
    else if (std::equal(kSystemCall.begin(), kSystemCall.end(), code.begin())) kind = Kind::SystemCall;
  }
#endif
  kinds_.emplace(place, kind);
  return kind;
}

Result<std::vector<Round>> Stepper::follow(std::size_t rounds) {
  std::vector<Round> result;
  Round current;
  bool marked = false;
  for (std::uint64_t before = 0; result.size() < rounds;) {
    const std::uint64_t at = place();
    if (at != before) {  // a repeated string instruction stops at each repetition
      const Kind kind = kind_at(at);
      if (kind == Kind::Mark && std::exchange(marked, true)) result.push_back(current);
      if (kind == Kind::Mark) current = {};
      ++current.instructions;
      current.system_calls += kind == Kind::SystemCall ? 1 : 0;
      before = at;
    }
    if (current.instructions > kPatience)
      return error(ErrorCode::DeadlineExceeded, "a thread passed no mark in {} instructions", kPatience);
    SHUNT_CHECK(step());
  }
  return result;
}

}  // namespace shunt::bench
