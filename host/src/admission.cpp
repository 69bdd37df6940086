#include "admission.hpp"

namespace shunt::host {

std::string_view name(Admission admission) noexcept {
  switch (admission) {
    case Admission::Open: return "Open";
    case Admission::Draining: return "Draining";
    case Admission::Drained: return "Drained";
    case Admission::Disabled: return "Disabled";
  }
  return "Unknown";
}

std::string_view why_off(Admission admission) noexcept {
  switch (admission) {
    case Admission::Open: break;
    case Admission::Draining: return "is being drained: see `shunt enable`";
    case Admission::Drained: return "is drained: see `shunt enable`";
    case Admission::Disabled: return "is disabled: see `shunt enable`";
  }
  return {};
}

}  // namespace shunt::host
