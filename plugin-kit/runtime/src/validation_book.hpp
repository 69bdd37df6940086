#pragma once
/// What came of a plugin's validators, type by type, until the host is told.

#include <shunt/schemas/control_generated.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace shunt::kit {

/// Of serving threads, under their lock. Allocates only where it writes a report.
class ValidationBook {
 public:
  static constexpr std::size_t kTypesMax = 64;  ///< What a plugin validates beyond these is not counted.

  /// `type` stays, as a literal does. `took_ns` below 0: nobody looked.
  void note(const char* type, bool refused, std::int64_t took_ns) noexcept {
    Line* const line = find(type);
    if (line == nullptr) return;
    changed_ = true;
    ++line->checked;
    line->refused += refused ? 1 : 0;
    if (took_ns < 0) return;
    ++line->timed;
    line->took_ns += static_cast<std::uint64_t>(took_ns);
  }

  /// Whether something was noted since the last report().
  [[nodiscard]] bool changed() const noexcept { return changed_; }

  [[nodiscard]] control::ValidationsT report() {
    control::ValidationsT report;
    for (std::size_t i = 0; i < count_; ++i) {
      auto& each = *report.types.emplace_back(std::make_unique<control::ValidatedTypeT>());
      each.type = lines_[i].type;
      each.checked = lines_[i].checked;
      each.refused = lines_[i].refused;
      each.timed = lines_[i].timed;
      each.took_ns = lines_[i].took_ns;
    }
    changed_ = false;
    return report;
  }

 private:
  struct Line {
    const char* type = nullptr;
    std::uint64_t checked = 0;
    std::uint64_t refused = 0;
    std::uint64_t timed = 0;
    std::uint64_t took_ns = 0;
  };

  Line* find(const char* type) noexcept {
    for (std::size_t i = 0; i < count_; ++i)
      if (lines_[i].type == type || std::strcmp(lines_[i].type, type) == 0) return &lines_[i];
    if (count_ == lines_.size()) return nullptr;
    lines_[count_].type = type;
    return &lines_[count_++];
  }

  std::array<Line, kTypesMax> lines_{};
  std::size_t count_ = 0;
  bool changed_ = false;
};

}  // namespace shunt::kit
