#include "version_choice.hpp"

#include <algorithm>

namespace shunt::host {

Result<std::vector<VersionChoice>> choices_of(const std::vector<SwitchTarget>& targets) {
  if (targets.empty()) return error(ErrorCode::BadInput, "a switch of nothing: say a plugin and its version");
  std::vector<VersionChoice> choices;
  for (const SwitchTarget& target : targets) {
    if (std::ranges::find(choices, target.plugin, &VersionChoice::plugin) != choices.end())
      return error(ErrorCode::BadInput, "\"{}\" is there twice: say one version", target.plugin);
    SHUNT_TRY(version, Version::parse(target.version));
    choices.push_back({target.plugin, std::move(version)});
  }
  return choices;
}

}  // namespace shunt::host
