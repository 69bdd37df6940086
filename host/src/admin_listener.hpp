#pragma once
/// The file of the admin socket: made for its owner alone, taken over from a dead host, never from a living one.

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/result.hpp>

#include <filesystem>

#include <sys/types.h>

namespace shunt::host {

class AdminListener {
 public:
  /// Listens on `path` with mode 0600 from its first moment on. Waits briefly for a host that is being started in the
  /// same folder. Errors: BadConfiguration (another host listens there, the name is taken by something else, too long),
  /// System.
  [[nodiscard]] static Result<AdminListener> open(std::filesystem::path path);
  AdminListener(AdminListener&& other) noexcept = default;
  AdminListener& operator=(AdminListener&& other) = delete;
  /// Removes the file if it is still ours.
  ~AdminListener();

  [[nodiscard]] int fd() const noexcept { return socket_.get(); }

 private:
  AdminListener(std::filesystem::path path, bus::UniqueFd socket)
      : path_(std::move(path)), socket_(std::move(socket)) {}

  std::filesystem::path path_;
  bus::UniqueFd socket_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace shunt::host
