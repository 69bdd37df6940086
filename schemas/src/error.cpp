#include <shunt/schemas/error.hpp>
#include <shunt/schemas/result.hpp>

namespace shunt {

Error detail::format_error(ErrorCode code, fmt::string_view text, fmt::format_args arguments) {
  return {code, fmt::vformat(text, arguments)};
}

std::string_view name(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::Unknown: return "Unknown";
    case ErrorCode::BadInput: return "BadInput";
    case ErrorCode::BadConfiguration: return "BadConfiguration";
    case ErrorCode::BadManifest: return "BadManifest";
    case ErrorCode::BadSchema: return "BadSchema";
    case ErrorCode::SchemaMismatch: return "SchemaMismatch";
    case ErrorCode::BadPayload: return "BadPayload";
    case ErrorCode::NoSuchRoute: return "NoSuchRoute";
    case ErrorCode::NoSuchPlugin: return "NoSuchPlugin";
    case ErrorCode::NoSuchVersion: return "NoSuchVersion";
    case ErrorCode::Undeclared: return "Undeclared";
    case ErrorCode::TooLarge: return "TooLarge";
    case ErrorCode::WouldDeadlock: return "WouldDeadlock";
    case ErrorCode::ValidationFailed: return "ValidationFailed";
    case ErrorCode::NotAPlugin: return "NotAPlugin";
    case ErrorCode::WrongArchitecture: return "WrongArchitecture";
    case ErrorCode::NotTrusted: return "NotTrusted";
    case ErrorCode::LayoutMismatch: return "LayoutMismatch";
    case ErrorCode::NotServing: return "NotServing";
    case ErrorCode::DeadlineExceeded: return "DeadlineExceeded";
    case ErrorCode::Cancelled: return "Cancelled";
    case ErrorCode::QuotaExceeded: return "QuotaExceeded";
    case ErrorCode::RingFull: return "RingFull";
    case ErrorCode::NoPool: return "NoPool";
    case ErrorCode::Stopped: return "Stopped";
    case ErrorCode::PluginFailed: return "PluginFailed";
    case ErrorCode::PluginCrashed: return "PluginCrashed";
    case ErrorCode::PluginExited: return "PluginExited";
    case ErrorCode::PluginStuck: return "PluginStuck";
    case ErrorCode::OutcomeUnknown: return "OutcomeUnknown";
    case ErrorCode::PeerBreach: return "PeerBreach";
    case ErrorCode::HostGone: return "HostGone";
    case ErrorCode::System: return "System";
  }
  return "Unknown";
}

std::string to_string(const Error& error) {
  std::string text{name(error.code)};
  if (!error.message.empty()) text.append(": ").append(error.message);
  return text;
}

}  // namespace shunt
