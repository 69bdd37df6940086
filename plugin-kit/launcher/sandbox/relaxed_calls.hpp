#pragma once
/// What a build with sanitizers may do beyond: their runtime looks at its own process. Nothing in what users run.

namespace shunt::launcher {

#ifdef __SANITIZE_THREAD__
inline constexpr unsigned kThreadsOfSanitizer = 2;  ///< One since the fork, one since the first thread is made.
#elif defined(SHUNT_SANITIZED)
inline constexpr unsigned kThreadsOfSanitizer = 1;
#else
inline constexpr unsigned kThreadsOfSanitizer = 0;
#endif

/// Whether a call that would be denied is let through.
[[nodiscard]] bool is_relaxed(int number) noexcept;

}  // namespace shunt::launcher
