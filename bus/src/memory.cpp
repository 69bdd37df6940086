#include <shunt/bus/file_limit.hpp>
#include <shunt/bus/memory.hpp>

#include <utility>

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace shunt::bus {

namespace {

/// Every page is there from now on. A mapping that finds none would say nothing, and its first touch end the process.
Status reserve(int fd, std::size_t bytes) {
  while (::fallocate(fd, 0, 0, static_cast<off_t>(bytes)) != 0)
    if (errno != EINTR) return system_error(fmt::format("reserving {} bytes of shared memory", bytes));
  return {};
}

}  // namespace

Result<UniqueFd> create_memory(const char* label, std::size_t bytes) {
  SHUNT_CHECK(fits_file_limit(bytes));
  UniqueFd fd{::memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (!fd) return system_error("creating shared memory");
  if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) return system_error("sizing shared memory");
  if (bytes > 0) SHUNT_CHECK(reserve(fd.get(), bytes));
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) return system_error("sealing shared memory");
  return fd;
}

Status seal_future_writes(int fd) {
  if (::fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) != 0) return system_error("sealing against writes");
  return {};
}

Status seal_seals(int fd) {
  if (::fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL) != 0) return system_error("sealing the seals");
  return {};
}

Result<std::size_t> sealed_size(int fd) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0) return system_error("reading seals");
  if ((seals & F_SEAL_SHRINK) == 0) return error(ErrorCode::BadInput, "shared memory is not sealed against shrinking");
  struct stat status {};
  if (::fstat(fd, &status) != 0) return system_error("reading the size of shared memory");
  return static_cast<std::size_t>(status.st_size);
}

Result<Mapping> Mapping::map(int fd, std::size_t bytes, Access access) {
  const int protection = access == Access::ReadWrite ? PROT_READ | PROT_WRITE : PROT_READ;
  void* const data = ::mmap(nullptr, bytes, protection, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (data == MAP_FAILED) return system_error("mapping shared memory");
  return Mapping{static_cast<std::byte*>(data), bytes};
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace shunt::bus
