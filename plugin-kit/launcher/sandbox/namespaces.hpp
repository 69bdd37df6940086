#pragma once
/// Namespaces of init and plugin process: what they cannot name they cannot touch.
///
///     SHUNT_TRY(forked, fork_into_namespaces(Wanted::Namespaces));   // warden; the pid is 0 in init
///     SHUNT_CHECK(leave_the_host(forked, layers));      // init, once the warden has mapped its ids

#include "layers.hpp"

#include <sys/types.h>

namespace shunt::launcher {

/// Whom a plugin runs as, inside and, where root starts it, outside: "nobody".
inline constexpr uid_t kNobody = 65534;

struct Forked {
  pid_t pid = 0;        ///< 0: this is the child, init.
  int namespaces = 0;   ///< CLONE_NEW... flags of what it got.
  std::string why_not;  ///< Of what it did not get.
};

enum class Wanted : std::uint8_t { Namespaces, Nothing };

/// Forks init into all namespaces; where that is refused into all but the user namespace, which takes root; else into
/// none. The child's ids are mapped when this returns in the parent. The child has to wait for the parent's word before
/// it relies on that. Errors: System, when nothing can be forked; PluginCrashed, when the child was killed meanwhile.
[[nodiscard]] Result<Forked> fork_into_namespaces(Wanted wanted);

enum class ProcFolder : std::uint8_t { Absent, Mounted };

/// Init, after the fork: an identity that owns nothing, an empty read-only root, a host name that says nothing, and no
/// capability. What cannot be had is noted in `layers`. Errors: System, when it is neither had nor safe to go on.
[[nodiscard]] Status leave_the_host(const Forked& forked, ProcFolder proc, Layers& layers);

}  // namespace shunt::launcher
