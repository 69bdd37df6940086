#pragma once
/// Which libraries a plugin process has without being handed any: the launcher's own. Host and launcher agree on them
/// here, and a test asks a launcher that runs.

#include <array>
#include <cstddef>
#include <string_view>

namespace shunt {

/// By the name that DT_NEEDED says.
inline constexpr auto kLauncherLibraries = std::to_array<std::string_view>({
  "libc.so.6", "libgcc_s.so.1", "libm.so.6", "libstdc++.so.6",
#if defined(__x86_64__)
      "ld-linux-x86-64.so.2",
#elif defined(__aarch64__)
      "ld-linux-aarch64.so.1",
#endif
#ifdef SHUNT_SANITIZED  // then everything is built with them
      "libasan.so.8", "libtsan.so.2", "libubsan.so.1",
#endif
});

inline constexpr std::size_t kLibrariesMax = 32;  ///< That a plugin is handed beside these.

}  // namespace shunt
