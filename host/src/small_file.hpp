#pragma once
/// Small files that people keep: keys, signatures and lists, read within a bound and written whole or not at all.

#include <shunt/schemas/result.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

namespace shunt {

struct SmallFile {
  std::string text;
  struct stat status {};  ///< Of what was read, whatever stands at its path by now.
};

/// Reads a regular file of at most `bytes_max`; never waits for a FIFO or a device. None: there is no such file.
/// Errors: System (not readable, not a regular file), TooLarge.
Result<std::optional<SmallFile>> read_small_file(const std::filesystem::path& path, std::size_t bytes_max);

/// Makes a file that was not there. Errors: System (also when it is there: nothing is overwritten).
Status write_new_file(const std::filesystem::path& path, std::string_view text, mode_t mode);

/// Puts a whole file in the place of what was there, in one step. Errors: System.
Status replace_file(const std::filesystem::path& path, std::string_view text, mode_t mode);

}  // namespace shunt
