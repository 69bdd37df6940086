#include "small_file.hpp"

#include <shunt/bus/unique_fd.hpp>

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace shunt {
namespace {

Status write_all(int descriptor, std::string_view text, const std::filesystem::path& path) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EFBIG)
      return error(ErrorCode::System, "{} would be larger than a file of this process may be: raise `ulimit -f`",
                   path.string());
    if (written < 0) return system_error(path.string());
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor) != 0) return system_error(path.string());
  return {};
}

}  // namespace

Result<std::optional<SmallFile>> read_small_file(const std::filesystem::path& path, std::size_t bytes_max) {
  const bus::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file && errno == ENOENT) return std::nullopt;
  SmallFile found;
  if (!file || ::fstat(file.get(), &found.status) != 0) return system_error(path.string());
  if (!S_ISREG(found.status.st_mode)) return error(ErrorCode::System, "{} is not a regular file", path.string());
  found.text.resize(bytes_max + 1);
  std::size_t size = 0;
  while (size < found.text.size()) {
    const auto count = ::read(file.get(), found.text.data() + size, found.text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(path.string());
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size > bytes_max)
    return error(ErrorCode::TooLarge, "{} is larger than {} bytes, which no such file is", path.string(), bytes_max);
  found.text.resize(size);
  return found;
}

Status write_new_file(const std::filesystem::path& path, std::string_view text, mode_t mode) {
  const bus::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file && errno == EEXIST)
    return error(ErrorCode::System, "{} is there already and is not overwritten: choose another name", path.string());
  if (!file) return system_error(path.string());
  auto written = write_all(file.get(), text, path);
  if (!written) ::unlink(path.c_str());
  return written;
}

Status replace_file(const std::filesystem::path& path, std::string_view text, mode_t mode) {
  const std::filesystem::path beside = fmt::format("{}.{}.new", path.string(), ::getpid());
  SHUNT_CHECK(write_new_file(beside, text, mode));
  if (::rename(beside.c_str(), path.c_str()) == 0) return {};
  auto why = system_error(path.string());
  ::unlink(beside.c_str());
  return why;
}

}  // namespace shunt
