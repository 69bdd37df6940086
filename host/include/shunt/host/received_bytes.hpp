#pragma once
/// A payload that came from a plugin: who holds one can read it, whatever happens to the plugin or the host.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace shunt {

namespace host {
struct ArenaBlock;
}  // namespace host

/// Move-only; may be moved to and released on any thread, also after the Host is gone. The bytes are either a private
/// copy, which nobody can change, or a chunk of the plugin's pool, which goes back to it on release.
class ReceivedBytes {
 public:
  ReceivedBytes() = default;
  ReceivedBytes(ReceivedBytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        marks_(other.marks_),
        block_(std::exchange(other.block_, nullptr)) {}
  ReceivedBytes& operator=(ReceivedBytes&& other) noexcept {
    if (block_ != nullptr) release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    marks_ = other.marks_;
    block_ = std::exchange(other.block_, nullptr);
    return *this;
  }
  ~ReceivedBytes() {
    if (block_ != nullptr) release();
  }

  /// Aligned to 8 bytes; valid as long as this.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return {data_, size_}; }
  /// Whether the plugin could still change the bytes (they are read in place).
  [[nodiscard]] bool in_place() const noexcept;
  /// Whether it was published before whoever receives it was there: its topic keeps the last.
  [[nodiscard]] bool latched() const noexcept { return (marks_ & kLatched) != 0; }
  /// Whether it is what its publisher had left with the host in case that it vanished, as it has.
  [[nodiscard]] bool is_last_will() const noexcept { return (marks_ & kLastWill) != 0; }
  /// Whether it is no plugin's reply: the call has failed, and its function has this for that (`fallback`).
  [[nodiscard]] bool is_fallback() const noexcept { return (marks_ & kFallback) != 0; }

  /// When what it tells of came about, as its sender or the first of its chain said; none: nobody did. CLOCK_MONOTONIC,
  /// by its plugin's word.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> origin() const noexcept;

  // For the host's own use.

  static constexpr std::uint8_t kLatched = 2;  ///< As in a message's flags, as is the next.
  static constexpr std::uint8_t kLastWill = 8;
  static constexpr std::uint8_t kFallback = 64;  ///< In no message's flags.

  /// `size` bytes at `data`, readable until `block` goes back to its arena. Of `marks` the three above count.
  ReceivedBytes(host::ArenaBlock* block, const std::byte* data, std::size_t size, std::uint8_t marks = 0) noexcept
      : data_(reinterpret_cast<const std::uint8_t*>(data)), size_(size), marks_(marks), block_(block) {}

 private:
  void release() noexcept;

  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::uint8_t marks_ = 0;
  host::ArenaBlock* block_ = nullptr;
};

}  // namespace shunt
