#pragma once
/// How many threads the plugin process has, as the kernel counts them.

#include <shunt/bus/unique_fd.hpp>

#include <cstdint>

#include <sys/types.h>

namespace shunt::launcher {

class ThreadCount {
 public:
  /// `plugin`: as the warden numbers it; alive, or not reaped.
  explicit ThreadCount(pid_t plugin);

  /// 0: it has ended.
  [[nodiscard]] std::uint32_t now() const;
  /// Waits until there are more than `before`: a thread that was let through is one only a moment later. Gives up soon,
  /// for others may have ended meanwhile.
  void await_more_than(std::uint32_t before) const;

 private:
  bus::UniqueFd status_;
};

}  // namespace shunt::launcher
