#pragma once
/// Bytes that never change, aligned to 8 as payloads are, and as long as somebody holds them.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace shunt::test {

/// A value; copies share the bytes. Any thread.
class SharedBytes {
 public:
  SharedBytes() = default;
  /// In memory of exactly this size, so that a sanitizer sees who reads beyond it.
  [[nodiscard]] static SharedBytes copy_of(std::span<const std::uint8_t> bytes);

  [[nodiscard]] std::span<const std::uint8_t> span() const noexcept { return {memory_.get(), bytes_}; }

 private:
  std::shared_ptr<const std::uint8_t> memory_;
  std::size_t bytes_ = 0;
};

}  // namespace shunt::test
