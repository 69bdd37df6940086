#pragma once
/// Hearing when a route takes messages again.
///
///     if (!bars->publish(build)) later = host->on_writable("market.bars", [&] { go_on(); });   // in poll(), once

#include <memory>

namespace shunt {

namespace host {
struct Core;
class RoomWatch;
}  // namespace host

/// Move-only; any thread. The callback does not start any more when it has gone, and one that runs on another thread
/// has ended. It may go inside its own callback.
class Writable {
 public:
  Writable() = default;
  Writable(std::shared_ptr<host::Core> core, std::shared_ptr<host::RoomWatch> watch) noexcept;
  Writable(Writable&&) noexcept = default;
  Writable& operator=(Writable&& other) noexcept;
  ~Writable();

  /// Whether the callback has yet to run.
  [[nodiscard]] bool waits() const noexcept;

 private:
  void end() noexcept;

  std::shared_ptr<host::Core> core_;
  std::shared_ptr<host::RoomWatch> watch_;
};

}  // namespace shunt
