#pragma once
/// What an instance has left with the host, to be published when it vanishes: a private copy, verified.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace shunt::host {

struct LastWill {
  std::uint64_t key = 0;
  std::vector<std::uint64_t> words{};  ///< So that it is aligned to 8 bytes.
  std::size_t payload_bytes = 0;
  std::uint64_t set = 0;  ///< How often there was one.

  void assign(std::span<const std::uint8_t> bytes) {
    words.assign((bytes.size() + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t), 0);
    if (!bytes.empty()) std::memcpy(words.data(), bytes.data(), bytes.size());
    payload_bytes = bytes.size();
  }
  [[nodiscard]] std::span<const std::byte> payload() const noexcept {
    return std::as_bytes(std::span{words}).first(payload_bytes);
  }
};

}  // namespace shunt::host
