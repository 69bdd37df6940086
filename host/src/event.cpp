#include <shunt/host/event.hpp>

namespace shunt {

std::string_view name(HostEventKind kind) noexcept {
  switch (kind) {
    case HostEventKind::Started: return "Started";
    case HostEventKind::Active: return "Active";
    case HostEventKind::PhaseFailed: return "PhaseFailed";
    case HostEventKind::HandlerThrew: return "HandlerThrew";
    case HostEventKind::Ended: return "Ended";
    case HostEventKind::Restarting: return "Restarting";
    case HostEventKind::Quarantined: return "Quarantined";
    case HostEventKind::Switched: return "Switched";
    case HostEventKind::SwitchUndone: return "SwitchUndone";
    case HostEventKind::SharesChanged: return "SharesChanged";
    case HostEventKind::BreakerOpened: return "BreakerOpened";
    case HostEventKind::BreakerHalfOpen: return "BreakerHalfOpen";
    case HostEventKind::BreakerClosed: return "BreakerClosed";
    case HostEventKind::FellBack: return "FellBack";
    case HostEventKind::HandedOver: return "HandedOver";
    case HostEventKind::StateLost: return "StateLost";
    case HostEventKind::Reloaded: return "Reloaded";
    case HostEventKind::ReloadRefused: return "ReloadRefused";
    case HostEventKind::FileGone: return "FileGone";
    case HostEventKind::FolderLost: return "FolderLost";
    case HostEventKind::FolderFound: return "FolderFound";
    case HostEventKind::RolloutStarted: return "RolloutStarted";
    case HostEventKind::RolloutStage: return "RolloutStage";
    case HostEventKind::RolloutPaused: return "RolloutPaused";
    case HostEventKind::RolloutResumed: return "RolloutResumed";
    case HostEventKind::RolledOut: return "RolledOut";
    case HostEventKind::RolledBack: return "RolledBack";
    case HostEventKind::IncidentKept: return "IncidentKept";
    case HostEventKind::IncidentNotKept: return "IncidentNotKept";
    case HostEventKind::Stopped: return "Stopped";
    case HostEventKind::Joined: return "Joined";
    case HostEventKind::RouteUndeclared: return "RouteUndeclared";
    case HostEventKind::Refused: return "Refused";
    case HostEventKind::Denied: return "Denied";
    case HostEventKind::MemoryHigh: return "MemoryHigh";
    case HostEventKind::Draining: return "Draining";
    case HostEventKind::Drained: return "Drained";
    case HostEventKind::NotDrained: return "NotDrained";
    case HostEventKind::Disabled: return "Disabled";
    case HostEventKind::Enabled: return "Enabled";
    case HostEventKind::BridgeState: return "BridgeState";
    case HostEventKind::LastWillSent: return "LastWillSent";
    case HostEventKind::LastWillNotSent: return "LastWillNotSent";
    case HostEventKind::HealthChanged: return "HealthChanged";
    case HostEventKind::HandlerFailed: return "HandlerFailed";
    case HostEventKind::Warm: return "Warm";
  }
  return "Unknown";
}

}  // namespace shunt
