#pragma once
/// Shared memory without a name: sealed memfds and their mappings.
///
///     SHUNT_TRY(memory, create_memory("host side", bytes));     // read-write, size sealed
///     SHUNT_TRY(mine, Mapping::map(memory.get(), bytes, Access::ReadWrite));
///     SHUNT_CHECK(seal_future_writes(memory.get()));            // from now on others can only read

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/result.hpp>

#include <cstddef>
#include <span>

namespace shunt::bus {

/// One piece of shared memory, made or only planned.
struct Region {
  const char* label = "";  ///< In /proc/PID/maps: "/memfd:" and this.
  std::size_t bytes = 0;
};

enum class Access { ReadOnly, ReadWrite };

/// A memfd of `bytes` (above 0) that can neither grow nor shrink, zero-filled. `label` appears in /proc/PID/maps only.
/// Errors: System (out of memory or descriptors).
[[nodiscard]] Result<UniqueFd> create_memory(const char* label, std::size_t bytes);
[[nodiscard]] inline Result<UniqueFd> create_memory(const Region& region) {
  return create_memory(region.label, region.bytes);
}

/// Existing writable mappings stay; nobody can make another, whatever descriptor they hold, nor add a seal.
/// Errors: System.
[[nodiscard]] Status seal_future_writes(int fd);

/// Nobody can add a seal from now on: an instance that seals memory it was lent would spoil it for the next.
/// Errors: System.
[[nodiscard]] Status seal_seals(int fd);

/// The size in bytes of the memory behind `fd`. Errors: System; BadInput when it could still shrink under a mapping.
[[nodiscard]] Result<std::size_t> sealed_size(int fd);

/// One mapping; unmapped when it goes. The address never changes, so spans into it survive a move.
class Mapping {
 public:
  /// Maps and prefaults the whole memory of `fd`, which may be closed afterwards. Blocks for the prefaulting.
  /// Errors: System (out of memory; or the descriptor does not allow `access`).
  [[nodiscard]] static Result<Mapping> map(int fd, std::size_t bytes, Access access);

  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  Mapping(std::byte* data, std::size_t size) : data_(data), size_(size) {}

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace shunt::bus
