#pragma once
/// Whether new work goes to a plugin, or over a route: what `shunt drain`, `disable` and `enable` have said of it.
///
///     Admissions plugins;
///     plugins.set("momentum", Admission::Disabled);
///     plugins.of("momentum");                          // until somebody enables it, whatever becomes of its processes

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace shunt::host {

enum class Admission : std::uint8_t {
  Open,      ///< It gets what is sent to it.
  Draining,  ///< It gets nothing new, and finishes what it has.
  Drained,   ///< The same, and it has nothing left.
  Disabled   ///< It gets nothing new.
};

/// The enum's own spelling.
std::string_view name(Admission admission) noexcept;
/// After a name, for those who are turned away: "is disabled: see `shunt enable`". Empty where it is open.
std::string_view why_off(Admission admission) noexcept;

/// By name, and not with the instances: it outlives crashes, restarts and switches.
class Admissions {
 public:
  [[nodiscard]] Admission of(std::string_view name) const {
    const auto found = off_.find(name);
    return found == off_.end() ? Admission::Open : found->second;
  }
  /// False: it was that already.
  bool set(const std::string& name, Admission now) {
    if (of(name) == now) return false;
    if (now == Admission::Open) off_.erase(name);
    else off_[name] = now;
    return true;
  }
  /// Those that are not open.
  [[nodiscard]] const std::map<std::string, Admission, std::less<>>& off() const noexcept { return off_; }

 private:
  std::map<std::string, Admission, std::less<>> off_;
};

}  // namespace shunt::host
