#pragma once
/// Version identity of a plugin: `MAJOR.MINOR.PATCH[-prerelease][+<build hash, 8 hex>][+abi-v<N>]`.
///
///     SHUNT_TRY(version, Version::parse("1.4.0+8a3f1c2e+abi-v3"));

#include <shunt/schemas/result.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shunt {

/// First 8 hex digits of the GNU build id: which build of a version this is.
struct BuildHash {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(const BuildHash&, const BuildHash&) = default;
};

/// Raised only when the binary interface changes.
struct AbiLevel {
  std::uint16_t value = 0;
  friend constexpr auto operator<=>(const AbiLevel&, const AbiLevel&) = default;
};

struct Version {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t patch = 0;
  std::string prerelease;          ///< Dot-separated identifiers without the leading '-'; empty for a release.
  std::optional<BuildHash> build;  ///< Absent in what people write, present in what was built.
  std::optional<AbiLevel> abi;     ///< Absent in what people write, present in what was built.

  /// Errors: BadInput, naming the place. No leading zeros, no whitespace, numbers below 2^32.
  static Result<Version> parse(std::string_view text);

  /// Semantic Versioning 2.0.0 section 11 for the numbers and the pre-release; builds of one release are then ordered
  /// by ABI level and build hash (absent first), so that the order is total and equality means the same text.
  friend std::strong_ordering operator<=>(const Version&, const Version&);
  friend bool operator==(const Version&, const Version&) = default;

  /// Whether `wanted`, as a person wrote it, means this version: what `wanted` leaves out matches anything.
  [[nodiscard]] bool matches(const Version& wanted) const;
};

/// The text that parse() reads back to an equal value.
std::string to_string(const Version& version);

}  // namespace shunt
