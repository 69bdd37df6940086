#include "admin_session.hpp"

#include "control_socket.hpp"

#include <shunt/host/admin_client.hpp>

#include <algorithm>

#include <sys/socket.h>

namespace shunt::host {
namespace {

tl::unexpected<Error> left() { return error(ErrorCode::HostGone, "the client left"); }

tl::unexpected<Error> not_a_request() {
  return error(ErrorCode::BadInput, "that is no request: send one JSON object of at most {} bytes in one packet",
               kAdminRequestBytesMax);
}

}  // namespace

AdminSession::~AdminSession() {
  if (socket_) loop_.unwatch(socket_.get());
}

Result<AdminSession::Received> AdminSession::receive() {
  char first = 0;
  const ssize_t count = ::recv(socket_.get(), &first, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Received{};
  if (count <= 0) return left();
  return first == '{' ? receive_request() : receive_join();  // a FlatBuffer starts with an even number
}

Result<AdminSession::Received> AdminSession::receive_request() {
  std::string text(kAdminRequestBytesMax + 1, '\0');
  const ssize_t count = ::recv(socket_.get(), text.data(), text.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Received{};
  if (count <= 0) return left();
  if (static_cast<std::size_t>(count) > kAdminRequestBytesMax) return not_a_request();
  text.resize(static_cast<std::size_t>(count));
  return Received{std::move(text)};
}

Result<AdminSession::Received> AdminSession::receive_join() {
  auto packet = receive_packet(socket_.get());
  if (!packet && packet.error().code == ErrorCode::System) return tl::make_unexpected(packet.error());
  if (!packet) return packet.error().code == ErrorCode::HostGone ? left() : not_a_request();
  if (!*packet) return Received{};
  auto& descriptors = (*packet)->descriptors;
  if ((*packet)->message().body_as_Join() == nullptr || descriptors.empty() || descriptors.size() > 2)
    return not_a_request();
  Joining joining{std::move(descriptors.front()), {}};
  if (descriptors.size() > 1) joining.signature = std::move(descriptors.back());
  return Received{std::move(joining)};
}

void AdminSession::wait_for_answer() {
  awaits_answer_ = true;
  loop_.want(socket_.get(), EventLoop::Interest::Nothing);
}

Status AdminSession::send(std::string_view answer) {
  awaits_answer_ = false;
  do {
    const std::string_view part = answer.substr(0, kAdminPacketBytesMax - 1);
    answer.remove_prefix(part.size());
    pending_.push_back(std::string{answer.empty() ? "=" : "+"}.append(part));
    pending_bytes_ += pending_.back().size();
  } while (!answer.empty());
  return flush();
}

Status AdminSession::flush() {
  while (!pending_.empty()) {
    const std::string& packet = pending_.front();
    const ssize_t sent = ::send(socket_.get(), packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) break;
    if (sent < 0) return left();
    pending_bytes_ -= packet.size();
    pending_.pop_front();
  }
  // One that does not read is not heard either: what is kept for it has a bound.
  loop_.want(socket_.get(), pending_.empty() ? EventLoop::Interest::Read : EventLoop::Interest::Write);
  return {};
}

bus::UniqueFd AdminSession::release() {
  loop_.unwatch(socket_.get());
  return std::move(socket_);
}

}  // namespace shunt::host
