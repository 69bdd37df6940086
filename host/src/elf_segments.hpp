#pragma once
/// What the loader would map of a shared object, from bytes that may be hostile.

#include <shunt/schemas/result.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <elf.h>

namespace shunt {

/// `bytes[offset, offset + size)`, or nothing where that leaves `bytes`.
std::optional<std::span<const std::byte>> part(std::span<const std::byte> bytes, std::uint64_t offset,
                                               std::uint64_t size);

/// A struct at the start of `bytes`, at whatever alignment. The caller has checked the size.
template <typename Struct>
Struct read_as(std::span<const std::byte> bytes) {
  Struct value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

tl::unexpected<Error> cut_short(std::string_view what);
tl::unexpected<Error> contradictory(std::string_view what);

/// The program headers, with the loads in ascending order and within the file.
class ElfSegments {
 public:
  /// Errors: NotAPlugin (cut short, or contradicts itself).
  static Result<ElfSegments> read(std::span<const std::byte> bytes);

  [[nodiscard]] const std::vector<Elf64_Phdr>& all() const { return headers_; }

  /// The file's bytes that end up at an address; nothing where the file has none.
  [[nodiscard]] std::optional<std::span<const std::byte>> at(std::uint64_t address, std::uint64_t size) const;

 private:
  explicit ElfSegments(std::span<const std::byte> bytes) : bytes_(bytes) {}
  [[nodiscard]] Status check_loads() const;

  std::span<const std::byte> bytes_;
  std::vector<Elf64_Phdr> headers_;
};

}  // namespace shunt
