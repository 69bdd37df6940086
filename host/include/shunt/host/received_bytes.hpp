#pragma once
/// A payload that came from a plugin: who holds one can read it, whatever happens to the plugin or the host.

#include <cstdint>
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
        latched_(other.latched_),
        block_(std::exchange(other.block_, nullptr)) {}
  ReceivedBytes& operator=(ReceivedBytes&& other) noexcept {
    if (block_ != nullptr) release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    latched_ = other.latched_;
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
  [[nodiscard]] bool latched() const noexcept { return latched_; }

  /// For the host's own use: `size` bytes at `data`, readable until `block` goes back to its arena.
  ReceivedBytes(host::ArenaBlock* block, const std::byte* data, std::size_t size, bool latched = false) noexcept
      : data_(reinterpret_cast<const std::uint8_t*>(data)), size_(size), latched_(latched), block_(block) {}

 private:
  void release() noexcept;

  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  bool latched_ = false;
  host::ArenaBlock* block_ = nullptr;
};

}  // namespace shunt
