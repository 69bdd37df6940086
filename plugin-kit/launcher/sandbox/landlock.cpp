#include "landlock.hpp"

#include <shunt/bus/unique_fd.hpp>

#include <cstdint>

#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif

namespace shunt::launcher {
namespace {

// As the kernel has it since version 6 of this interface; the C library's headers may be older.
struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t ports = 0;   // since 4
  std::uint64_t scopes = 0;  // since 6
};

constexpr std::uint64_t kFiles1 = (1u << 13) - 1;
constexpr std::uint64_t kFileMove = 1u << 13;      // since 2
constexpr std::uint64_t kFileTruncate = 1u << 14;  // since 3
constexpr std::uint64_t kFileDevice = 1u << 15;    // since 5
constexpr std::uint64_t kBindAndConnect = 3;
constexpr std::uint64_t kSocketsAndSignals = 3;

}  // namespace

Result<std::string> apply_landlock() {
  constexpr unsigned kAskVersion = 1;
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  if (version < 0) return system_error("asking for Landlock");
  Ruleset rules;
  rules.files = kFiles1;
  if (version >= 2) rules.files |= kFileMove;
  if (version >= 3) rules.files |= kFileTruncate;
  if (version >= 5) rules.files |= kFileDevice;
  if (version >= 4) rules.ports = kBindAndConnect;
  if (version >= 6) rules.scopes = kSocketsAndSignals;
  const std::size_t known = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  // No rule is added: everything that it handles is refused.
  const bus::UniqueFd ruleset{static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, known, 0))};
  if (!ruleset) return system_error("making a Landlock ruleset");
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return system_error("applying Landlock");
  return fmt::format("version {}: files{}{}", version, version >= 4 ? ", TCP ports" : "",
                     version >= 6 ? ", abstract sockets, signals" : "");
}

}  // namespace shunt::launcher
