#pragma once
/// A client of the admin socket that is not bound to its rules.
///
///     RawClient client{host.socket()};
///     client.send("garbage");
///     EXPECT_EQ(client.answer()["error"]["code"], "BadInput");

#include "process.hpp"

#include <string>
#include <string_view>

namespace shunt::test {

class RawClient {
 public:
  /// Throws when nobody listens.
  explicit RawClient(const std::string& socket);

  /// One packet, without waiting. False when the kernel does not take it.
  bool send(std::string_view packet, int descriptor = -1);
  /// No more is to come from here.
  void close_sending();
  /// Takes one packet and forgets it.
  void drop_packet();
  /// The next answer, whose packets it puts together; null when the host closed the connection. Throws when it does
  /// neither in time.
  Json answer();
  /// The same; the host closes behind it.
  Json last_answer();

 private:
  bus::UniqueFd socket_;
};

}  // namespace shunt::test
