#pragma once
/// A client that follows a topic: between the thread that polls and the admin thread stands a bounded queue.

#include "admin_server.hpp"

#include <shunt/host/received_bytes.hpp>

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace shunt::host {

/// Publications that wait for a client. A full one drops what comes: who watches never slows down who works.
class EchoQueue {
 public:
  static constexpr std::size_t kBytesMax = 4u << 20;
  static constexpr std::size_t kItemsMax = 4096;

  struct Item {
    std::vector<std::uint8_t> payload;
    bool redelivered = false;
  };

  /// Whether the admin thread is to be told: true for the first since it took the last.
  [[nodiscard]] bool put(std::span<const std::uint8_t> payload, bool redelivered);
  [[nodiscard]] std::optional<Item> take();
  /// Publications for which there was no room, ever.
  [[nodiscard]] std::uint64_t dropped();

  std::uint64_t told_dropped = 0;  ///< What the client has heard of drops. On the admin thread.

 private:
  std::mutex mutex_;
  std::deque<Item> items_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  bool told_ = false;
};

/// Makes `client` follow `topic` and answers it. On the admin thread.
void start_echo(AdminServer& server, std::uint64_t client, const std::string& topic);

}  // namespace shunt::host
