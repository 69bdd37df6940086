#pragma once
/// The file that plugins' records go to, and what they add up to.
///
///     evidence.read();
///     if (evidence.entry(Sheet::Asked, id).done > 1) ...

#include "record.hpp"

#include <shunt/bus/unique_fd.hpp>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace storm {

/// How often handlers were entered for one message, and how often they were through with it.
struct Entry {
  std::uint8_t fresh = 0;
  std::uint8_t flagged = 0;
  std::uint8_t done = 0;
  std::uint8_t spoiled = 0;
};

/// Of one thread. Throws when its file cannot be used: there is no test without it.
class Evidence {
 public:
  /// Makes the file.
  explicit Evidence(const std::filesystem::path& file);

  /// Adds what was written since the last time. A record is there before its writer goes on.
  void read();
  /// Forgets everything. While nobody writes.
  void wipe();

  [[nodiscard]] const Entry& entry(Sheet sheet, std::uint32_t id) const {
    return entries_[static_cast<std::size_t>(sheet)][id];
  }
  /// Handlers entered, ever.
  [[nodiscard]] std::uint64_t handled_by(Actor actor) const { return handled_[static_cast<std::size_t>(actor)]; }
  [[nodiscard]] std::uint64_t handled() const { return handled_[0] + handled_[1]; }

 private:
  void add(const Record& record);

  shunt::bus::UniqueFd file_;
  off_t read_ = 0;  // bytes
  std::array<std::uint64_t, 2> handled_{};
  std::array<std::vector<Entry>, kSheets> entries_;
};

}  // namespace storm
