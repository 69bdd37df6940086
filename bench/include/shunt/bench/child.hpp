#pragma once
/// A forked process with a packet socket to it. It dies with the process that forked it, and is reaped by its owner.
///
///     SHUNT_TRY(echo, Child::start("echo", cpu, [&](Channel& parent) { return serve(parent); }));
///     echo.channel().send(Order{...});
///     auto served = echo.channel().receive<Served>(std::chrono::seconds{10});

#include <shunt/schemas/result.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <sys/types.h>

namespace shunt::bench {

/// One end of a packet socket that carries plain structs. Owns its descriptor.
class Channel {
 public:
  Channel() = default;
  explicit Channel(int descriptor) : descriptor_(descriptor) {}
  Channel(Channel&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Channel& operator=(Channel&& other) noexcept;
  ~Channel() { close(); }

  void close() noexcept;

  /// Errors: System (the other end is gone).
  template <typename Message>
  Status send(const Message& message) {
    static_assert(std::is_trivially_copyable_v<Message>);
    return send_bytes(&message, sizeof(message));
  }

  /// Waits for the next packet; forever without a `limit`.
  /// Errors: System (the other end is gone), DeadlineExceeded, BadPayload (a packet of another size).
  template <typename Message>
  Result<Message> receive(std::optional<std::chrono::milliseconds> limit = std::nullopt) {
    static_assert(std::is_trivially_copyable_v<Message>);
    Message message{};
    SHUNT_CHECK(receive_bytes(&message, sizeof(message), limit));
    return message;
  }

 private:
  Status send_bytes(const void* bytes, std::size_t size);
  Status receive_bytes(void* bytes, std::size_t size, std::optional<std::chrono::milliseconds> limit);

  int descriptor_ = -1;
};

class Child {
 public:
  /// Forks; the child runs `body` on `cpu` (-1: anywhere) and exits with what it returns. Call it from a thread that
  /// outlives the child, before this process starts others. Errors: System.
  static Result<Child> start(std::string_view name, int cpu, const std::function<int(Channel&)>& body);

  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  /// Ends the process at once and reaps it, unless finish() did.
  ~Child() { kill_and_reap(); }

  [[nodiscard]] Channel& channel() { return channel_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// True until the process has ended; reaps it when it has.
  [[nodiscard]] bool running();
  /// Gives the process `limit` to end by itself, then ends it, and reaps it. Call it once it was told to stop.
  void finish(std::chrono::milliseconds limit) noexcept;
  /// Sends `signal` when the process still runs.
  void signal(int number) noexcept;

 private:
  Child(pid_t pid, Channel channel) : pid_(pid), channel_(std::move(channel)) {}
  void kill_and_reap() noexcept;

  pid_t pid_ = -1;  // -1: reaped
  Channel channel_;
};

}  // namespace shunt::bench
