#pragma once
/// The files that the warden opens for a plugin: its own object while it is loaded, and what its manifest declares.

#include <shunt/bus/unique_fd.hpp>
#include <shunt/schemas/result.hpp>

#include <string>
#include <vector>

namespace shunt::launcher {

class GrantedFiles {
 public:
  /// `objects`: descriptors of sealed memory that have the same numbers in the plugin process; the caller keeps them.
  /// `reads`: absolute paths; of a folder, everything below it.
  GrantedFiles(std::vector<int> objects, std::vector<std::string> reads)
      : objects_(std::move(objects)), reads_(std::move(reads)) {}

  /// What the dynamic linker asks for as "/proc/self/fd/N", opened anew: its place is the opener's own.
  /// An empty descriptor: that is no object of this plugin.
  [[nodiscard]] bus::UniqueFd open_object(const std::string& path) const;

  /// Whether the path is declared, or lies below a folder that is.
  [[nodiscard]] bool declares(const std::string& path) const;
  /// A declared regular file, opened for reading without following a link out of its declared folder. An empty
  /// descriptor with errno set: as open() would fail; EACCES for what is no regular file.
  [[nodiscard]] bus::UniqueFd open_declared(const std::string& path) const;

 private:
  std::vector<int> objects_;
  std::vector<std::string> reads_;
};

}  // namespace shunt::launcher
