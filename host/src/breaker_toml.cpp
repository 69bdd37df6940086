#include "breaker_toml.hpp"

namespace shunt {
namespace {

enum class Preset : std::uint8_t { Usual, Fast };
constexpr auto kPresets = std::to_array<TomlWord<Preset>>({{"default", Preset::Usual}, {"fast", Preset::Fast}});

}  // namespace

Status read_breaker(const TomlNode& node, const std::string& member, TomlPlaces& places, BreakerPolicy& policy) {
  Preset preset = Preset::Usual;
  TomlFields fields(node, member, member, places);
  fields.choice("preset", preset, kPresets);
  policy = preset == Preset::Fast ? BreakerPolicy::fast() : BreakerPolicy{};
  fields.count("windows", policy.windows);
  fields.duration("window", policy.window);
  fields.count("window_calls", policy.window_calls);
  fields.count("success_min", policy.success_min);
  fields.duration("below_for", policy.below_for);
  fields.count("calls_min", policy.calls_min);
  fields.duration("slow_after", policy.slow_after);
  fields.duration("open_for", policy.open_for);
  fields.count("probes", policy.probes);
  fields.duration("probes_within", policy.probes_within);
  // Windows of so many calls have no length in time, unless one is said, which is refused with both named.
  if (policy.window_calls != 0 && !places.contains(member + ".window")) policy.window = {};
  return fields.finish();
}

}  // namespace shunt
