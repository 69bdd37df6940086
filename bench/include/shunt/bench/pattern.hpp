#pragma once
/// What every payload is made of: words that follow from the message's sequence number, written at one end and checked,
/// all of them, at the other. A lost, repeated, torn or stale payload does not check.

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace shunt::bench {

class Pattern {
 public:
  /// A reply's sequence number is its request's with this bit, so that an echoed request does not pass for a reply.
  static constexpr std::uint64_t kReply = std::uint64_t{1} << 63;

  /// `corrupt_every` spoils one payload in so many when it is not 0: for the tests of the checks.
  explicit Pattern(std::size_t bytes, std::uint64_t corrupt_every = 0) : bytes_(bytes), corrupt_every_(corrupt_every) {}

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// Writes the whole payload of message `sequence`.
  void write(std::byte* payload, std::uint64_t sequence) const noexcept {
    const std::size_t words = bytes_ / sizeof(std::uint64_t);
    for (std::size_t i = 0; i < words; ++i) {
      const std::uint64_t value = word(sequence, i);
      std::memcpy(payload + i * sizeof(value), &value, sizeof(value));
    }
    const std::uint64_t last = word(sequence, words);
    std::memcpy(payload + words * sizeof(last), &last, bytes_ % sizeof(last));
    if (corrupt_every_ != 0 && (sequence & ~kReply) % corrupt_every_ == 0) payload[bytes_ - 1] ^= std::byte{1};
  }

  /// True when every byte is what message `sequence` must carry.
  [[nodiscard]] bool check(const std::byte* payload, std::uint64_t sequence) const noexcept {
    const std::size_t words = bytes_ / sizeof(std::uint64_t);
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < words; ++i) {
      std::uint64_t value;
      std::memcpy(&value, payload + i * sizeof(value), sizeof(value));
      difference |= value ^ word(sequence, i);
    }
    const std::uint64_t last = word(sequence, words);
    return difference == 0 && std::memcmp(payload + words * sizeof(last), &last, bytes_ % sizeof(last)) == 0;
  }

 private:
  static std::uint64_t word(std::uint64_t sequence, std::size_t i) noexcept {
    return (sequence + 1) * 0x9e3779b97f4a7c15U + i * 0xd1342543de82ef95U;
  }

  std::size_t bytes_;
  std::uint64_t corrupt_every_;
};

}  // namespace shunt::bench
