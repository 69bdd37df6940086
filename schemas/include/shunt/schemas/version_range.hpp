#pragma once
/// Which versions will do: "^1.2", "~1.4.1", ">=1.2.0 <2.0.0", "1.4.0", "1.x", "*", or several of these joined by " ||
/// ".
///
///     SHUNT_TRY(range, VersionRange::parse("^1.2"));
///     if (range.contains(version)) ...

#include <shunt/schemas/result.hpp>
#include <shunt/schemas/version.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace shunt {

class VersionRange {
 public:
  /// Numbers that are left out mean any: "1.2" is every 1.2.x, and may be written so. "^1.2" keeps the left-most number
  /// that is not zero, "~1.2" the minor one. Errors: BadInput, with what was meant.
  static Result<VersionRange> parse(std::string_view text);

  /// A pre-release is inside only where the range names a pre-release of the same three numbers. Build and ABI do not
  /// count.
  [[nodiscard]] bool contains(const Version& version) const;

 private:
  struct Bounds {
    Version from;                 ///< Inclusive.
    std::vector<Version> before;  ///< Exclusive; the smallest counts. None: no upper end.
    std::vector<Version> named;   ///< As written, for the pre-release rule.
  };
  static Result<Bounds> parse_bounds(std::string_view text);
  static Status add_comparator(std::string_view word, Bounds& bounds);

  std::vector<Bounds> alternatives_;
};

}  // namespace shunt
