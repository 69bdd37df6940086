#include "sealed_file.hpp"

#include <shunt/bus/file_limit.hpp>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace shunt {
namespace {

constexpr std::size_t kCopyBytes = 256u << 10;

Status write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return system_error("write to a memfd");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

tl::unexpected<Error> too_large(const std::filesystem::path& path, std::size_t bytes_max) {
  return error(ErrorCode::TooLarge, "{} is larger than {} bytes; strip it (strip --strip-debug) or split it",
               path.string(), bytes_max);
}

/// Copies until the end of the file, not until the size it claimed: it may be growing right now.
Result<std::size_t> copy(int from, int to, const std::filesystem::path& path, std::size_t bytes_max) {
  std::vector<std::byte> buffer(kCopyBytes);
  for (std::size_t total = 0;;) {
    const auto count = ::read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(path.string());
    if (count == 0) return total;
    total += static_cast<std::size_t>(count);
    if (total > bytes_max) return too_large(path, bytes_max);
    SHUNT_CHECK(bus::fits_file_limit(total));
    SHUNT_CHECK(write_all(to, std::span(buffer).first(static_cast<std::size_t>(count))));
  }
}

/// A copy may have begun with bytes of before and ended with others: nobody has ever built that.
Status check_unchanged(int file, const struct stat& before, std::size_t copied, const std::filesystem::path& path) {
  struct stat now {};
  if (::fstat(file, &now) != 0) return system_error(path.string());
  const auto is_same = [](const timespec& a, const timespec& b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
  };
  if (is_same(now.st_mtim, before.st_mtim) && std::cmp_equal(now.st_size, copied)) return {};
  return error(ErrorCode::System, "{} was written to while it was read: write it beside, then rename it",
               path.string());
}

/// The kernel says EBUSY while somebody, such as its own page reclaim, has hold of a page for a moment. It has waited
/// up to 150 ms by then; nobody else knows this file, so it ends.
Status seal(int file) {
  constexpr int kAttempts = 20;
  for (int attempt = 1;; ++attempt) {
    if (::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0) return {};
    if (errno != EBUSY || attempt == kAttempts) return system_error("sealing a memfd");
  }
}

}  // namespace

Result<SealedFile> SealedFile::copy_of(const std::filesystem::path& path, std::size_t bytes_max) {
  // Without O_NONBLOCK a FIFO of that name would hold us until somebody writes to it.
  const bus::UniqueFd source(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!source) return system_error(path.string());
  struct stat status {};
  if (::fstat(source.get(), &status) != 0) return system_error(path.string());
  if (!S_ISREG(status.st_mode))
    return error(ErrorCode::System, "{} is not a regular file; give the path of a shared object", path.string());
  if (std::cmp_greater(status.st_size, bytes_max)) return too_large(path, bytes_max);

  bus::UniqueFd target(::memfd_create("shunt-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!target) return system_error("memfd_create");
  SHUNT_TRY(size, copy(source.get(), target.get(), path, bytes_max));
  SHUNT_CHECK(check_unchanged(source.get(), status, size, path));
  SHUNT_CHECK(seal(target.get()));
  if (size == 0) return SealedFile(std::move(target), nullptr, 0);
  void* const data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, target.get(), 0);
  if (data == MAP_FAILED) return system_error("mapping a memfd");
  return SealedFile(std::move(target), static_cast<const std::byte*>(data), size);
}

SealedFile::SealedFile(bus::UniqueFd descriptor, const std::byte* data, std::size_t size)
    : descriptor_(std::move(descriptor)), data_(data), size_(size) {}

SealedFile::SealedFile(SealedFile&& other) noexcept
    : descriptor_(std::move(other.descriptor_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

SealedFile& SealedFile::operator=(SealedFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

SealedFile::~SealedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace shunt
