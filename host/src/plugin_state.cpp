#include "plugin_state.hpp"

namespace shunt::host {

Shares Plugin::shares_said(std::uint32_t route) const {
  const auto said = shares.find(route);
  return said == shares.end() ? Shares{{.version = serving}} : said->second;
}

Shares Plugin::shares_now(std::uint32_t route) const {
  Shares result = shares_said(route);
  const auto found = guarded.find(route);
  if (found != guarded.end() && !is_out(*found->second.lts))
    found->second.lead_away(result, [&](const PluginVersion& version) { return is_out(version); });
  return result;
}

bool Plugin::is_out(const PluginVersion& version) const {
  return std::ranges::all_of(seats, [&](const auto& each) {
    const Seat& seat = each.second;
    return seat.version.get() != &version || (seat.current == nullptr && seat.backoff.is_quarantined());
  });
}

std::shared_ptr<Outcomes> Plugin::measured_on(std::uint32_t route, const PluginVersion& version) const {
  const auto found = measured.find({route, &version});
  return found == measured.end() ? nullptr : found->second;
}

bool Plugin::is_shunned(std::uint32_t route, const PluginVersion& version) const {
  const auto found = guarded.find(route);
  if (found == guarded.end() || is_out(*found->second.lts)) return false;
  const Guard* const guard = found->second.find(version);
  return guard != nullptr && guard->is_shunned();
}

}  // namespace shunt::host
