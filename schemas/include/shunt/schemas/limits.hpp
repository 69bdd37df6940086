#pragma once
/// The numbers that bound everything, in one place.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace shunt {

inline constexpr std::chrono::milliseconds kDefaultDeadline{3000};  ///< Of a call that names none.
inline constexpr std::chrono::milliseconds kPhaseDeadline{
    5000};                                                  ///< Of load, init, validate, activate and cleanup each.
inline constexpr std::size_t kNameBytesMax = 120;           ///< Of a plugin, function or topic name.
inline constexpr std::size_t kFunctionsMax = 256;           ///< Functions, topics in, topics out, calls: each.
inline constexpr std::size_t kRoutesMax = 4096;             ///< Topics and functions of one host, ever.
inline constexpr std::size_t kManifestBytesMax = 1 << 20;   ///< Of the note in the shared object.
inline constexpr std::size_t kPluginBytesMax = 256u << 20;  ///< Of the shared object.
inline constexpr std::uint32_t kVerifyDepthMax = 32;        ///< Nesting of tables in a payload.
inline constexpr std::uint32_t kVerifyTablesMax = 100'000;  ///< Tables in a payload.
inline constexpr std::size_t kLastWillBytesMax = 4096;      ///< Of what goes out for a plugin that vanishes, each.
inline constexpr std::chrono::milliseconds kRestartDelayFirst{10};  ///< Back-off after a crash, doubling ...
inline constexpr std::chrono::milliseconds kRestartDelayMax{5000};  ///< ... up to this.
inline constexpr int kCrashesBeforeQuarantine = 5;                  ///< Within ...
inline constexpr std::chrono::seconds kCrashWindow{30};             ///< ... this.

}  // namespace shunt
