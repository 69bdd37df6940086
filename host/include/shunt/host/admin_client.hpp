#pragma once
/// Asking a running host over its admin socket.
///
///     SHUNT_TRY(host, AdminClient::connect("/run/user/1000/shunt/market.sock"));
///     SHUNT_TRY(answer, host.ask(R"({"command":"ls"})"));       // {"result":{...}} or {"error":{...}}
///
/// A SOCK_SEQPACKET Unix socket. A request is one packet with one JSON object. An answer is one JSON object in one or
/// more packets: the first byte of each is '+' when more of the answer follows and '=' when it is the last, the rest is
/// text. "echo" answers once more for every publication, until the client goes. A client has one request at a time.

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/result.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace shunt {

inline constexpr std::size_t kAdminRequestBytesMax = 128u << 10;  ///< Of a request; a longer one ends the connection.
inline constexpr std::size_t kAdminPacketBytesMax = 64u << 10;    ///< Of each packet of an answer.
inline constexpr std::chrono::seconds kAdminPatience{10};         ///< Far more than a host that runs ever needs.

/// Blocks; one thread at a time.
class AdminClient {
 public:
  /// Errors: HostGone (nobody listens there: start a host), BadInput (the path is too long for a socket: at most 107
  /// bytes), DeadlineExceeded (so many wait to be let in that `patience` ended), System (also: the socket is another
  /// user's).
  [[nodiscard]] static Result<AdminClient> connect(const std::filesystem::path& socket,
                                                   std::chrono::milliseconds patience = kAdminPatience);

  /// How long the host may be silent before ask() and next() give up; 0, as after connect(): for ever. After
  /// DeadlineExceeded the answer may still come: connect anew to ask again. Errors: System.
  [[nodiscard]] Status set_patience(std::chrono::milliseconds patience);

  /// Sends a request and waits for its answer. An error that the host answers with is in the answer.
  /// Errors: TooLarge (above kAdminRequestBytesMax), DeadlineExceeded, HostGone, System.
  [[nodiscard]] Result<std::string> ask(std::string_view request);
  /// The first half of that: its answer is the next. Errors: TooLarge, DeadlineExceeded, System.
  [[nodiscard]] Status send(std::string_view request);
  /// The next answer of a stream. Errors: DeadlineExceeded, HostGone, System.
  [[nodiscard]] Result<std::string> next();

  /// Becomes readable when an answer has come. Owned by the client.
  [[nodiscard]] int fd() const noexcept { return socket_.get(); }

 private:
  explicit AdminClient(bus::UniqueFd socket) : socket_(std::move(socket)) {}

  bus::UniqueFd socket_;
  std::chrono::milliseconds patience_{0};
};

}  // namespace shunt
