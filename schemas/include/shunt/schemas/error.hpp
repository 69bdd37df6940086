#pragma once
/// What went wrong: a stable code for programs and one line for people.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace shunt {

/// Stable over releases: values are appended, never changed, because they travel in replies and in JSON.
enum class ErrorCode : std::uint16_t {
  Unknown = 0,
  // What was asked for is wrong; asking again will not help.
  BadInput = 1,           ///< An argument or a file's content is malformed.
  BadConfiguration = 2,   ///< host.toml, or the same in code, asks for what cannot be.
  BadManifest = 3,        ///< plugin.toml, or the note compiled from it, is malformed.
  BadSchema = 4,          ///< A FlatBuffers schema does not parse or names no such type.
  SchemaMismatch = 5,     ///< Two sides name different schemas for one route.
  BadPayload = 6,         ///< A payload fails FlatBuffers verification for its type.
  NoSuchRoute = 7,        ///< No such topic or function, or it was removed.
  NoSuchPlugin = 8,       ///< The host has no plugin of that name.
  NoSuchVersion = 9,      ///< The plugin has no such version, or a required hint matches none.
  Undeclared = 10,        ///< A call or publication that the manifest does not declare.
  TooLarge = 11,          ///< No size class of the pool fits: change the pool.
  WouldDeadlock = 12,     ///< poll() from inside a callback.
  ValidationFailed = 13,  ///< A payload is of its type, and a validator registered for that refuses it.
  // The plugin's file is refused before any of its code runs.
  NotAPlugin = 20,         ///< Not an ELF shared object, or one without Shunt's note.
  WrongArchitecture = 21,  ///< An ELF file for another machine.
  NotTrusted = 22,         ///< Neither listed, signed nor allowed unsigned.
  LayoutMismatch = 23,     ///< The other side speaks another layout version.
  // Not now; asking again later may work.
  NotServing = 40,        ///< No instance serves the route at the moment.
  DeadlineExceeded = 41,  ///< The call's deadline passed.
  Cancelled = 42,         ///< The caller cancelled.
  QuotaExceeded = 43,     ///< A pool, a cap or the calls in flight are used up: return samples, or wait for answers.
  RingFull = 44,          ///< The receiver does not keep up and the route refuses more.
  NoPool = 45,            ///< No free outbound pool to stage another instance with.
  Stopped = 46,           ///< The host, the plugin or the route was stopped.
  // The other side failed.
  PluginFailed = 60,    ///< The handler or a phase returned an error or threw.
  PluginCrashed = 61,   ///< The instance ended by a signal.
  PluginExited = 62,    ///< The instance exited by itself.
  PluginStuck = 63,     ///< The instance was ended because it made no progress.
  OutcomeUnknown = 64,  ///< The instance died inside the handler: done or not done, nobody knows.
  PeerBreach = 65,      ///< The other side broke the lane's contract and was ended.
  HostGone = 66,        ///< The host's end of the connection is closed.
  // This machine.
  System = 80,  ///< A system call failed.
};

/// The code's name as it stands in the enum; "Unknown" for a value of a later release.
std::string_view name(ErrorCode code) noexcept;

/// A value: copied, compared and moved between threads freely. Its text allocates.
struct Error {
  ErrorCode code = ErrorCode::Unknown;
  std::string message;  ///< What happened, to whom, and what to do.

  friend bool operator==(const Error&, const Error&) = default;
};

/// "QuotaExceeded: ..." for logs and terminals.
std::string to_string(const Error& error);

}  // namespace shunt
