#pragma once
/// The admin socket of a running host: several clients at once, none of which can make the host wait.
///
/// Two threads of its own. The admin thread accepts, parses, answers. Calls, and reading the file of a plugin that
/// joins, may take long and run one after the other on the second one, so that `stop` gets through while a call hangs.

#include "admin_listener.hpp"
#include "admin_session.hpp"
#include "event_loop.hpp"

#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace shunt::host {

struct Core;

class AdminServer {
 public:
  static constexpr std::size_t kClientsMax = 64;

  /// Takes the socket; clients that connect wait until start(). Errors: BadConfiguration, System.
  [[nodiscard]] static Result<std::unique_ptr<AdminServer>> open(Core& core, const std::filesystem::path& socket);
  ~AdminServer();

  void start();
  /// Ends every connection and removes the socket. No request starts afterwards; a call may still run.
  void stop();
  /// Waits for that call.
  void finish();

  [[nodiscard]] Core& core() const noexcept { return core_; }
  /// Runs `work` where it may take long. From any thread.
  void run_slowly(EventLoop::Work work) { slow_->post(std::move(work)); }
  /// Answers a client, if it is still there. From any thread.
  void answer(std::uint64_t client, std::string text);

  // ---- On the admin thread.

  /// Null when it left.
  [[nodiscard]] AdminSession* session(std::uint64_t client);
  [[nodiscard]] EventLoop& loop() noexcept { return *loop_; }
  void send(std::uint64_t client, std::string_view text);
  /// Sends a client what its topic has brought, as far as it reads.
  void pump_echo(std::uint64_t client);

 private:
  AdminServer(Core& core, AdminListener listener, std::unique_ptr<EventLoop> loop, std::unique_ptr<EventLoop> slow);
  void on_client();
  void on_ready(std::uint64_t client);
  void handle(std::uint64_t client, AdminSession::Received received);
  void join(std::uint64_t client, bus::UniqueFd plugin);  // admin_join.cpp

  Core& core_;
  std::optional<AdminListener> listener_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<EventLoop> slow_;
  std::map<std::uint64_t, std::unique_ptr<AdminSession>> sessions_;
  std::uint64_t last_client_ = 0;
};

}  // namespace shunt::host
