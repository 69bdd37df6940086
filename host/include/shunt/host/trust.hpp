#pragma once
/// How far a host trusts a plugin's file, decided from its bytes before any of its code runs.

#include <cstdint>
#include <string_view>

namespace shunt {

/// Why a plugin runs. Large payloads of one that is signed or listed may be read in place.
enum class Trust : std::uint8_t {
  Unsigned,  ///< Nothing vouches for its bytes; it runs because allow_unsigned says so.
  Listed,    ///< The sha256 of its bytes stands in the configuration, or in a list that it names.
  Signed     ///< A key of the configuration has signed its bytes and its manifest.
};

/// The enum's own spelling.
std::string_view name(Trust trust) noexcept;

}  // namespace shunt
