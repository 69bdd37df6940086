#pragma once
/// How the calls to one version do on a function where another one, its lts, stands in for it. Plain values.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shunt {

struct BreakerSnapshot {
  struct Window {
    std::chrono::nanoseconds began{};  ///< Ago.
    std::uint64_t calls = 0;           ///< That have ended, or are slow, and count: not what is its caller's own fault.
    std::uint64_t failed = 0;          ///< Of these.
    std::uint64_t slow = 0;            ///< Of these, and not among the failed.
  };

  std::string version;
  std::string lts;                                  ///< The version that calls go to while it is not Closed.
  std::string state;                                ///< "Closed", "Open" or "HalfOpen".
  std::chrono::nanoseconds since{};                 ///< For how long.
  std::optional<std::chrono::nanoseconds> below{};  ///< For how long too few have succeeded; none: enough do.
  std::uint32_t success_min = 0;                    ///< Of 1,000 calls so many have to.
  std::uint64_t in_flight = 0;                      ///< Calls that it has now.
  std::vector<Window> windows{};                    ///< Oldest first; those before its first look have not begun.
};

}  // namespace shunt
