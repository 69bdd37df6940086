#pragma once
/// One client of the admin socket, on the admin thread: packets in, answers out, and never a wait for it.

#include "event_loop.hpp"

#include <shunt/bus/unique_fd.hpp>
#include <shunt/subscription.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace shunt::host {

class EchoQueue;

class AdminSession {
 public:
  /// A plugin that wants to join, as its launcher opened it.
  struct Joining {
    bus::UniqueFd plugin;
    bus::UniqueFd signature;  ///< Empty: it has none.
  };
  /// What a client may say: nothing yet, a request, or that a plugin wants to join.
  using Received = std::variant<std::monostate, std::string, Joining>;

  AdminSession(EventLoop& loop, bus::UniqueFd socket) : loop_(loop), socket_(std::move(socket)) {}
  ~AdminSession();
  AdminSession(const AdminSession&) = delete;
  AdminSession& operator=(const AdminSession&) = delete;

  /// `ready` is called when the client can be heard, or takes more of an answer. Once. Errors: System.
  [[nodiscard]] Status watch(EventLoop::Work ready) { return loop_.watch(socket_.get(), std::move(ready)); }
  /// Errors: HostGone (it left), BadInput (not a request, or one too long), System.
  [[nodiscard]] Result<Received> receive();
  /// Hears no more of the client, except that it left, until an answer is on its way.
  void wait_for_answer();
  /// Queues an answer and sends what fits. Errors: HostGone.
  [[nodiscard]] Status send(std::string_view answer);
  /// Sends what fits of what is queued. Errors: HostGone.
  [[nodiscard]] Status flush();
  /// Gives the connection to somebody else; the session is over.
  [[nodiscard]] bus::UniqueFd release();

  [[nodiscard]] bool awaits_answer() const noexcept { return awaits_answer_; }
  /// Whether nothing was asked that is not answered in full, and no topic is followed.
  [[nodiscard]] bool is_idle() const noexcept { return !awaits_answer_ && pending_bytes_ == 0 && echo == nullptr; }
  [[nodiscard]] std::size_t pending_bytes() const noexcept { return pending_bytes_; }

  /// Set once the client follows a topic.
  std::shared_ptr<EchoQueue> echo;
  std::optional<Subscription> subscription;

 private:
  [[nodiscard]] Result<Received> receive_request();
  [[nodiscard]] Result<Received> receive_join();

  EventLoop& loop_;
  bus::UniqueFd socket_;
  bool awaits_answer_ = false;
  std::deque<std::string> pending_;  // packets
  std::size_t pending_bytes_ = 0;
};

}  // namespace shunt::host
