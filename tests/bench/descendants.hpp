#pragma once
/// Tells whether any process that a test started, at whatever remove, is still there.
///
///     Descendants descendants;
///     run_something();
///     EXPECT_TRUE(descendants.all_gone());

#include <array>

#include <poll.h>
#include <unistd.h>

namespace shunt::bench {

/// Every process forked while this exists inherits the writing end of a pipe; its reading end tells when the last copy
/// has gone. A process that calls exec keeps it as well.
class Descendants {
 public:
  Descendants() {
    if (::pipe(ends_.data()) != 0) ends_ = {-1, -1};
  }
  Descendants(const Descendants&) = delete;
  Descendants& operator=(const Descendants&) = delete;
  ~Descendants() {
    for (const int end : ends_)
      if (end >= 0) ::close(end);
  }

  /// Waits up to 10 s until no process but this one is left. Call it once.
  bool all_gone() {
    ::close(ends_[1]);
    ends_[1] = -1;
    pollfd waiting{ends_[0], POLLIN, 0};
    return ::poll(&waiting, 1, 10'000) == 1 && (waiting.revents & POLLHUP) != 0;
  }

 private:
  std::array<int, 2> ends_{};
};

}  // namespace shunt::bench
