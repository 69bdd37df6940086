#pragma once
/// How a plugin process ended, as far as somebody saw it.
///
///     note(fmt::format("momentum {}", death.describe()));   // "momentum exited by itself with code 3"

#include "lifecycle.hpp"

#include <shunt/host/crash.hpp>
#include <shunt/schemas/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shunt::host {

/// Of a program that was to be the warden, or a bridge, and may be any: "did not start: /bin/true ended ..."
[[nodiscard]] std::string silent_launcher(const std::string& program);

struct Death {
  bool known = false;          ///< The warden lived to tell.
  bool warden_killed = false;  ///< By somebody else, as far as the kernel tells the host.
  bool warden_spoke = false;   ///< Else it may be any program.
  std::string program{};       ///< That the host started.
  bool killed_by_host = false;
  int code = 0;
  int signal = 0;                        ///< 0: by itself, with `code`.
  std::string reason;                    ///< Why the host ended it; empty when it did not.
  ErrorCode cause = ErrorCode::Unknown;  ///< DeadlineExceeded, PluginStuck, PeerBreach or PluginFailed, with a reason.
  std::optional<CrashKind> kind;         ///< With a reason; without one, after a phase that failed.
  State state = State::Spawned;          ///< In which it ended, or the host ended it.
  std::uint64_t memory_bytes = 0;        ///< Private memory, when the warden looked last; 0: not known.

  /// As it was told to: by itself after cleanup, or by the host before there was anything to clean up.
  [[nodiscard]] bool is_orderly() const noexcept;
  /// The cause; without one PluginCrashed or PluginExited.
  [[nodiscard]] ErrorCode code_of_death() const noexcept;

  /// "was ended by signal 11 (Segmentation fault)"
  [[nodiscard]] std::string describe() const;

  /// Why a plugin did not start that ended like this, which `ended` says in full, and said that of itself before.
  [[nodiscard]] Error why_not_started(const std::optional<Error>& said, std::string ended) const;
};

}  // namespace shunt::host
