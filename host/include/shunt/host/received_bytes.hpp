#pragma once
/// A payload that came from a plugin: who holds one can read it, whatever happens to the plugin or the host.

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace shunt {

namespace host {
class Instance;
struct ArenaBlock;
}  // namespace host

/// Move-only; may be moved to and released on any thread, also after the Host is gone. The bytes are either a private
/// copy, which nobody can change, or a chunk of the plugin's pool, which goes back to it on release.
class ReceivedBytes {
 public:
  ReceivedBytes() = default;
  ReceivedBytes(ReceivedBytes&& other) noexcept { swap(other); }
  ReceivedBytes& operator=(ReceivedBytes&& other) noexcept {
    ReceivedBytes old{std::move(other)};
    swap(old);
    return *this;
  }
  ~ReceivedBytes() {
    if (owner_ != Owner::Nobody) release();
  }

  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept { return {data_, size_}; }
  /// Whether the plugin could still change the bytes (they are read in place).
  [[nodiscard]] bool in_place() const noexcept { return owner_ == Owner::Plugin; }

  /// For the host's own use.
  static ReceivedBytes copied(host::ArenaBlock* block, std::size_t size) noexcept;
  static ReceivedBytes held(std::shared_ptr<host::Instance> instance, const std::byte* data, std::size_t size,
                            std::uint32_t chunk, std::uint32_t generation) noexcept;

 private:
  enum class Owner : std::uint8_t { Nobody, Arena, Plugin };
  void release() noexcept;
  void swap(ReceivedBytes& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(owner_, other.owner_);
    std::swap(block_, other.block_);
    std::swap(instance_, other.instance_);
    std::swap(chunk_, other.chunk_);
    std::swap(generation_, other.generation_);
  }

  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  Owner owner_ = Owner::Nobody;
  host::ArenaBlock* block_ = nullptr;
  std::shared_ptr<host::Instance> instance_;
  std::uint32_t chunk_ = 0;
  std::uint32_t generation_ = 0;
};

}  // namespace shunt
