#pragma once
/// Calls that their caller does not wait for, without their types. See client.hpp for the typed ones.

#include <shunt/host/received_bytes.hpp>
#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace shunt {

namespace host {
struct AsyncCall;
struct Core;
struct RouteInfo;
}  // namespace host

/// A call that was started, and its outcome once there is one. Move-only; cancels the call when it goes, which never
/// waits for the plugin. Outlives the Host: its outcome is Stopped then, unless it had another. cancel() may run on any
/// thread beside the others; get(), ready(), moving and destroying it are for one thread at a time.
class PendingBytes {
 public:
  /// For the host's own use: takes `call` over.
  PendingBytes(std::shared_ptr<host::Core> core, host::AsyncCall& call) noexcept
      : core_(std::move(core)), call_(&call) {}
  PendingBytes(PendingBytes&& other) noexcept
      : core_(std::move(other.core_)), call_(std::exchange(other.call_, nullptr)) {}
  PendingBytes& operator=(PendingBytes&& other) noexcept;
  ~PendingBytes();

  /// Whether get() would return at once: there is a reply, the call failed or was cancelled, or its deadline has passed
  /// (and the plugin is told so). Takes what plugins have sent, as Host::poll() does, and runs no callback. Never
  /// waits; no system call, but to wake a plugin that sleeps. True once it was moved from.
  [[nodiscard]] bool ready();

  /// The outcome; once. Blocks until there is one or the call's deadline, as a call does, and drains the lanes
  /// meanwhile; also from callbacks. Errors: those of Function::operator(), Cancelled, Stopped, BadInput (it was taken
  /// before, or this was moved from).
  [[nodiscard]] Result<ReceivedBytes> get();

  /// Nobody waits for the reply any more: a request that waits in the host goes, the plugin passes over one that it has
  /// not begun, and `cancelled()` turns true in its handler and in those that it has called. False: there was an
  /// outcome before, or this was moved from; nothing happens then. Never waits for the plugin.
  bool cancel() noexcept;

  /// BadPayload for a reply of so many bytes that is not of the function's type. For typed calls; not once this was
  /// moved from.
  [[nodiscard]] Error bad_payload(std::size_t bytes) const;
  /// ValidationFailed, if a validator refuses this verified reply. For typed calls; likewise.
  [[nodiscard]] Status check_reply(const void* root) const;

 private:
  void end() noexcept;

  std::shared_ptr<host::Core> core_;
  host::AsyncCall* call_;
};

/// Names a call whose outcome a callback gets, to cancel it. Copyable; any thread. The call goes on without it.
class StartedCall {
 public:
  /// For the host's own use.
  StartedCall(std::shared_ptr<host::Core> core, std::uint64_t correlation) noexcept
      : core_(std::move(core)), correlation_(correlation) {}

  /// As PendingBytes::cancel(): the callback gets Cancelled, in poll() as ever. False: it has got, or is to get,
  /// something else.
  bool cancel() noexcept;

 private:
  std::shared_ptr<host::Core> core_;
  std::uint64_t correlation_;
};

}  // namespace shunt
