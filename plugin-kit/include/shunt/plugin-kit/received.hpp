#pragma once
/// A publication while its handler runs; the bytes are read where they are and verified. Ends with the handler.

#include <shunt/plugin.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

namespace shunt::kit {

template <typename T>
class Received {
 public:
  Received(const T& root, const shunt_message& message) : root_(&root), message_(&message) {}
  Received(const Received&) = delete;
  Received& operator=(const Received&) = delete;

  const T& operator*() const { return *root_; }
  const T* operator->() const { return root_; }

  /// As Context::origin.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> origin() const {
    if (message_->origin_ns == 0) return {};
    return std::chrono::nanoseconds(message_->origin_ns);
  }

  /// The FlatBuffer as it came, to pass on or to store; ends with the handler.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return {message_->payload, message_->payload_bytes}; }

 private:
  const T* root_;
  const shunt_message* message_;
};

}  // namespace shunt::kit
