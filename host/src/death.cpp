#include "death.hpp"

#include <cstring>

namespace shunt::host {

std::string silent_launcher(const std::string& program) {
  return fmt::format(
      "did not start: {} ended without a word; set `launcher` to the shunt-launch of this release, or `program` of a "
      "bridge to its own",
      program);
}

ErrorCode Death::code_of_death() const noexcept {
  if (!reason.empty()) return cause;
  return known && signal != 0 ? ErrorCode::PluginCrashed : ErrorCode::PluginExited;
}

bool Death::is_orderly() const noexcept {
  if (!reason.empty() || kind) return false;
  return killed_by_host || (known && signal == 0 && code == 0);
}

std::string Death::describe() const {
  if (!reason.empty()) return fmt::format("was ended by the host: {}: {}", name(cause), reason);
  if (killed_by_host && !warden_killed) return "was ended by the host";
  if (!known && !warden_spoke && !warden_killed) return silent_launcher(program);
  if (!known) return "died with its warden, nobody saw how";
  if (signal != 0) return fmt::format("was ended by signal {} ({})", signal, ::strsignal(signal));
  return fmt::format("exited by itself with code {}", code);
}

/// What a plugin says of itself is the reason, unless its warden was killed: then calls fail that nobody judges any
/// more, and the plugin may say so before it is gone, too.
Error Death::why_not_started(const std::optional<Error>& said, std::string ended) const {
  if (said && !warden_killed) return *said;
  if (said) ended += "; before that: " + to_string(*said);
  return {code_of_death(), std::move(ended)};
}

}  // namespace shunt::host
