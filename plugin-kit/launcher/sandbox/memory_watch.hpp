#pragma once
/// How much memory of its own the plugin process has in use, the kernel's tables for it included, looked at twice a
/// second.
///
/// RLIMIT_DATA already bounds what it may reserve for writing; this sees what is used, and tells before the end is
/// near.

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/control_generated.h>

#include <chrono>
#include <optional>

#include <sys/types.h>

namespace shunt::launcher {

class MemoryWatch {
 public:
  static constexpr std::chrono::milliseconds kBetweenLooks{500};

  /// `plugin`: as the warden numbers it. `high`, `limit`: bytes; 0: none.
  MemoryWatch(pid_t plugin, std::uint64_t high, std::uint64_t limit);

  /// What to tell the host: that `high` was passed, once until a tenth less is used again, or that `limit` was.
  [[nodiscard]] std::optional<control::MemoryHighT> look();
  [[nodiscard]] bool is_wanted() const noexcept { return high_ != 0 || limit_ != 0; }
  /// Looks beside the turn: it is about to end. Of a process that has ended nothing is to be seen.
  void look_once_more() { note(private_bytes()); }
  /// In use when last looked at; 0: not known.
  [[nodiscard]] std::uint64_t last_seen() const noexcept { return last_seen_; }

 private:
  [[nodiscard]] std::uint64_t private_bytes() const;
  void note(std::uint64_t bytes) noexcept { last_seen_ = bytes == 0 ? last_seen_ : bytes; }

  pid_t plugin_;
  bus::UniqueFd status_;
  std::uint64_t high_;
  std::uint64_t limit_;
  std::uint64_t last_seen_ = 0;
  bool told_ = false;
};

}  // namespace shunt::launcher
