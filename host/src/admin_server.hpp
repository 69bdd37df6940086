#pragma once
/// The admin socket of a running host: several clients at once, none of which can make the host wait.
///
/// The admin thread accepts, parses, answers. A second thread reads the files of plugins that join. A call has a thread
/// of its own: one that hangs until its deadline, maybe of a client that left long ago, holds up nobody.

#include "admin_listener.hpp"
#include "admin_session.hpp"
#include "event_loop.hpp"

#include <shunt/schemas/result.hpp>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace shunt::host {

struct Core;

class AdminServer {
 public:
  static constexpr std::size_t kClientsMax = 64;
  static constexpr std::size_t kCallsMax = 64;  ///< Also those whose clients have left.

  /// Takes the socket; clients that connect wait until start(). Errors: BadConfiguration, System.
  [[nodiscard]] static Result<std::unique_ptr<AdminServer>> open(Core& core, const std::filesystem::path& socket);
  ~AdminServer();

  /// Errors: System.
  [[nodiscard]] Status start();
  /// Ends every connection and removes the socket. No request starts afterwards; calls may still run.
  void stop();
  /// Waits for those calls.
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
  /// Runs `call` on a thread of its own. Errors: NotServing (too many run), System.
  [[nodiscard]] Status begin_call(EventLoop::Work call);
  void send(std::uint64_t client, std::string_view text);
  /// Sends a client what its topic has brought, as far as it reads.
  void pump_echo(std::uint64_t client);

 private:
  AdminServer(Core& core, AdminListener listener, std::unique_ptr<EventLoop> loop, std::unique_ptr<EventLoop> slow);
  [[nodiscard]] bus::UniqueFd accept() noexcept;
  void turn_away_without_descriptors();
  bool make_place();
  void on_client();
  void on_ready(std::uint64_t client);
  void handle(std::uint64_t client, AdminSession::Received received);
  void join(std::uint64_t client, AdminSession::Joining joining);  // admin_join.cpp

  struct Call {
    std::thread thread;
    std::shared_ptr<std::atomic<bool>> ended;
  };

  Core& core_;
  std::optional<AdminListener> listener_;
  bus::UniqueFd spare_;  // given up for a moment to answer somebody when no descriptor is left
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<EventLoop> slow_;
  std::map<std::uint64_t, std::unique_ptr<AdminSession>> sessions_;
  std::uint64_t last_client_ = 0;
  std::vector<Call> calls_;  // of the admin thread, until that has ended
};

}  // namespace shunt::host
