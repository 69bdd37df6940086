#pragma once
/// What a handler knows about the message it works on. Ends with the handler; nothing of it blocks or allocates.
///
///     if (context.remaining() < 50us) return shunt::error(shunt::ErrorCode::DeadlineExceeded, "no time to search");

#include <shunt/plugin-kit/link.hpp>
#include <shunt/plugin-kit/log.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace shunt::kit {

class Context {
 public:
  Context(const Link& link, const shunt_message& message) : link_(&link), message_(&message) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// When nobody waits any more, on the launcher's monotonic clock; absent for a publication.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> deadline() const {
    if (message_->deadline_ns == 0) return {};
    return std::chrono::nanoseconds(message_->deadline_ns);
  }

  /// Time until the deadline, 0 once it passed; nanoseconds::max() for a publication. Reads the clock.
  [[nodiscard]] std::chrono::nanoseconds remaining() const {
    if (message_->deadline_ns == 0) return std::chrono::nanoseconds::max();
    const auto left = message_->deadline_ns - link_->services->now_ns(link_->runtime);
    return std::chrono::nanoseconds(std::max<std::int64_t>(left, 0));
  }

  /// Nobody waits for the answer any more: stop, return whatever. Any thread, while the handler runs.
  [[nodiscard]] bool cancelled() const { return link_->services->cancelled(link_->runtime, message_) != 0; }

  /// An earlier instance died while it handled this message, and may have done it already.
  [[nodiscard]] bool redelivered() const { return (message_->flags & SHUNT_REDELIVERED) != 0; }

  /// It was published before this instance was there: the topic keeps the last for those who come late.
  [[nodiscard]] bool latched() const { return (message_->flags & SHUNT_LATCHED) != 0; }

  /// It is what its publisher left with the host in case that it vanished, as it has: it overtook what waited.
  [[nodiscard]] bool is_last_will() const { return (message_->flags & SHUNT_LAST_WILL) != 0; }

  /// Names this message among those of the instance; never 0.
  [[nodiscard]] std::uint64_t token() const { return message_->token; }

  [[nodiscard]] Log log() const { return Log{*link_}; }

  /// The message as the C ABI has it. For generated code.
  [[nodiscard]] const shunt_message& message() const { return *message_; }

 private:
  const Link* link_;
  const shunt_message* message_;
};

}  // namespace shunt::kit
