#pragma once
/// A file's bytes as they were at one moment, in memory that nobody can change any more.
///
///     SHUNT_TRY(file, SealedFile::copy_of("plugins/libmomentum.so", kPluginBytesMax));
///     check(file.bytes());                    // the bytes that are checked ...
///     run(file.descriptor());                 // ... are the bytes that run

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/result.hpp>

#include <cstddef>
#include <filesystem>
#include <span>

namespace shunt {

class SealedFile {
 public:
  /// Opens `path` once and copies what it holds into a memfd that is sealed then. Blocks for the copy.
  /// Errors: System (not there, not readable, not a regular file), TooLarge (above `bytes_max`).
  static Result<SealedFile> copy_of(const std::filesystem::path& path, std::size_t bytes_max);

  SealedFile(SealedFile&& other) noexcept;
  SealedFile& operator=(SealedFile&& other) noexcept;
  ~SealedFile();

  /// Readable as long as this object lives.
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }
  [[nodiscard]] const bus::UniqueFd& descriptor() const { return descriptor_; }

  /// Only the descriptor, without the mapping.
  [[nodiscard]] bus::UniqueFd release() && { return std::move(descriptor_); }

 private:
  SealedFile(bus::UniqueFd descriptor, const std::byte* data, std::size_t size);

  bus::UniqueFd descriptor_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace shunt
