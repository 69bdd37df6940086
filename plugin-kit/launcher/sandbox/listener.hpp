#pragma once
/// The warden's end of the filter: calls that wait for an answer, and the ways to answer them.
///
///     if (const auto call = listener.next()) listener.fail(*call, ENOSYS);

#include <shunt/bus/unique_fd.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <sys/types.h>

namespace shunt::launcher {

/// A call of one of the plugin's threads, which sleeps until it is answered. Numbers in registers cannot change any
/// more; memory that they point to can, at any time.
struct WaitingCall {
  std::uint64_t id = 0;
  pid_t thread = 0;  ///< As the warden numbers it.
  int number = 0;
  std::array<std::uint64_t, 6> arguments{};
};

class Listener {
 public:
  explicit Listener(bus::UniqueFd descriptor) : descriptor_(std::move(descriptor)) {}

  [[nodiscard]] int fd() const noexcept { return descriptor_.get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(descriptor_); }
  void close() noexcept { descriptor_.reset(); }

  /// The call that made poll() return. None: its thread has ended meanwhile, or `gone()`.
  [[nodiscard]] std::optional<WaitingCall> next();

  /// The kernel carries it out. Only for what is decided by registers alone.
  void let_through(const WaitingCall& call) const noexcept;
  void fail(const WaitingCall& call, int error_number) const noexcept;
  void give(const WaitingCall& call, std::int64_t result) const noexcept;
  /// The plugin gets a descriptor for `file`, close-on-exec, as the result.
  void give_file(const WaitingCall& call, const bus::UniqueFd& file) const noexcept;

  /// Whether the thread still waits for this answer, so that what was read through its number was its own.
  [[nodiscard]] bool still_waits(const WaitingCall& call) const noexcept;

 private:
  bus::UniqueFd descriptor_;
};

/// The text at `address` of the thread's memory, up to 4,096 bytes. None: there is none.
[[nodiscard]] std::optional<std::string> read_text(pid_t thread, std::uint64_t address);

/// Whether all bytes could be written.
[[nodiscard]] bool write_memory(pid_t thread, std::uint64_t address, std::span<const std::byte> bytes) noexcept;

}  // namespace shunt::launcher
