#include "admin_server.hpp"

#include "admin_commands.hpp"
#include "admin_echo.hpp"
#include "admin_json.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/socket.h>

namespace shunt::host {
namespace {

/// Who connected, as the kernel saw it. Errors: NotTrusted.
Status check_peer(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return system_error("asking who connected");
  if (peer.uid != ::geteuid() && peer.uid != 0)
    return error(ErrorCode::NotTrusted, "this host belongs to user {}, you are user {}: ask as that user or as root",
                 ::geteuid(), peer.uid);
  return {};
}

bus::UniqueFd spare_descriptor() { return bus::UniqueFd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

/// The last words to somebody who is not let in.
void turn_away(int socket, const Error& why) {
  const std::string packet = "=" + to_text(error_json(why));
  ::send(socket, packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

Result<std::unique_ptr<AdminServer>> AdminServer::open(Core& core, const std::filesystem::path& socket) {
  SHUNT_TRY(listener, AdminListener::open(socket));
  SHUNT_TRY(loop, EventLoop::create());
  SHUNT_TRY(slow, EventLoop::create());
  return std::unique_ptr<AdminServer>(new AdminServer(core, std::move(listener), std::move(loop), std::move(slow)));
}

AdminServer::AdminServer(Core& core, AdminListener listener, std::unique_ptr<EventLoop> loop,
                         std::unique_ptr<EventLoop> slow)
    : core_(core),
      listener_(std::move(listener)),
      spare_(spare_descriptor()),
      loop_(std::move(loop)),
      slow_(std::move(slow)) {}

AdminServer::~AdminServer() {
  stop();
  finish();
}

Status AdminServer::start() {
  SHUNT_CHECK(loop_->watch(listener_->fd(), [this] { on_client(); }));
  SHUNT_CHECK(slow_->start());
  return loop_->start();
}

void AdminServer::stop() {
  loop_->stop();
  sessions_.clear();
  listener_.reset();
}

void AdminServer::finish() {
  slow_->stop();
  for (Call& each : calls_) each.thread.join();
  calls_.clear();
}

Status AdminServer::begin_call(EventLoop::Work call) {
  std::erase_if(calls_, [](Call& each) {
    // Acquire pairs with the release below: what is joined here ends at once.
    if (!each.ended->load(std::memory_order_acquire)) return false;
    each.thread.join();
    return true;
  });
  if (calls_.size() >= kCallsMax)
    return error(ErrorCode::NotServing, "{} calls run already: ask again when one has ended", calls_.size());
  const auto ended = std::make_shared<std::atomic<bool>>(false);
  try {
    calls_.push_back({std::thread{[call = std::move(call), ended] {
                        call();
                        ended->store(true, std::memory_order_release);
                      }},
                      ended});
  } catch (const std::system_error& problem) {
    return error(ErrorCode::System, "no thread for the call: {}", problem.what());
  }
  return {};
}

void AdminServer::answer(std::uint64_t client, std::string text) {
  loop_->post([this, client, text = std::move(text)] { send(client, text); });
}

AdminSession* AdminServer::session(std::uint64_t client) {
  const auto found = sessions_.find(client);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void AdminServer::send(std::uint64_t client, std::string_view text) {
  AdminSession* const to = session(client);
  if (to != nullptr && !to->send(text)) sessions_.erase(client);
}

bus::UniqueFd AdminServer::accept() noexcept {
  return bus::UniqueFd{::accept4(listener_->fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
}

/// Who knocks while every descriptor is used is told so over the one that is kept for that. Left waiting, he would keep
/// the socket readable, and this thread awake.
void AdminServer::turn_away_without_descriptors() {
  spare_.reset();
  if (const bus::UniqueFd socket = accept(); socket)
    turn_away(socket.get(), {ErrorCode::NotServing,
                             "the host has no file descriptor left: ask again later, or raise "
                             "its limit (`ulimit -n`)"});
  spare_ = spare_descriptor();
}

/// The one that was first to come of those who ask nothing and wait for nothing: else a few that never ask would keep
/// out whoever wants to stop the host. False: all of them are busy.
bool AdminServer::make_place() {
  const auto idle = std::ranges::find_if(sessions_, [](const auto& each) { return each.second->is_idle(); });
  if (idle == sessions_.end()) return false;
  static_cast<void>(idle->second->send(to_text(
      error_json({ErrorCode::NotServing,
                  "nothing was asked on this connection, and another client needed its place: connect again"}))));
  sessions_.erase(idle);
  return true;
}

void AdminServer::on_client() {
  bus::UniqueFd socket = accept();
  if (!socket) {
    if (errno == EMFILE || errno == ENFILE) turn_away_without_descriptors();
    return;
  }
  const auto peer = check_peer(socket.get());
  if (!peer) return turn_away(socket.get(), peer.error());
  if (sessions_.size() >= kClientsMax && !make_place())
    return turn_away(socket.get(), {ErrorCode::NotServing, fmt::format("{} clients are connected and busy: ask again "
                                                                       "when one has left",
                                                                       sessions_.size())});
  const std::uint64_t client = ++last_client_;
  const int descriptor = socket.get();
  auto session = std::make_unique<AdminSession>(*loop_, std::move(socket));
  if (auto watched = session->watch([this, client] { on_ready(client); }); !watched)
    return turn_away(descriptor, watched.error());
  sessions_.emplace(client, std::move(session));
}

void AdminServer::on_ready(std::uint64_t client) {
  AdminSession* const from = session(client);
  if (from == nullptr) return;
  if (from->awaits_answer()) {  // all that can be heard now is that it left
    sessions_.erase(client);
    return;
  }
  if (from->pending_bytes() > 0) {
    if (!from->flush()) sessions_.erase(client);
    else pump_echo(client);
    return;
  }
  auto received = from->receive();
  if (received && from->echo != nullptr && !std::holds_alternative<std::monostate>(*received))
    received = error(ErrorCode::BadInput, "this connection follows a topic: ask on another one");
  if (received) return handle(client, std::move(*received));
  if (received.error().code != ErrorCode::HostGone)
    static_cast<void>(from->send(to_text(error_json(received.error()))));
  sessions_.erase(client);
}

void AdminServer::handle(std::uint64_t client, AdminSession::Received received) {
  if (std::holds_alternative<std::monostate>(received)) return;
  if (auto* const joining = std::get_if<AdminSession::Joining>(&received)) return join(client, std::move(*joining));
  session(client)->wait_for_answer();
  run_admin_command(*this, client, std::get<std::string>(received));
}

}  // namespace shunt::host
