#include "state_versions.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace shunt::host {
namespace {

std::string listed(const Manifest& manifest) {
  std::string text;
  for (const DeclaredState& each : manifest.state) text += fmt::format("{}{}", text.empty() ? "" : ", ", each.version);
  return text.empty() ? "none" : text;
}

}  // namespace

Result<std::optional<std::uint32_t>> state_between(const Manifest& from, const Manifest& to) {
  if (from.state.empty()) return std::nullopt;
  for (auto each = from.state.rbegin(); each != from.state.rend(); ++each) {
    const DeclaredState& mine = *each;
    const auto theirs = std::ranges::find(to.state, mine.version, &DeclaredState::version);
    if (theirs == to.state.end()) continue;
    if (theirs->type == mine.type) return mine.version;
    return error(ErrorCode::SchemaMismatch,
                 "state {} of {} {} is a {} (schema {:016x}), and of {} a {} (schema {:016x}): what has a number stays "
                 "as it is; give another form another number",
                 mine.version, from.name, to_string(from.version), mine.type.name, mine.type.schema.value,
                 to_string(to.version), theirs->type.name, theirs->type.schema.value);
  }
  return error(ErrorCode::NoSuchVersion,
               "{} {} writes state {}, and {} reads {}: the newer one needs a version of the state that the older one "
               "has in its [state]",
               from.name, to_string(from.version), listed(from), to_string(to.version), listed(to));
}

}  // namespace shunt::host
