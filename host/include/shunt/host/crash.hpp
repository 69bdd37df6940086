#pragma once
/// How an instance ended that was not told to, or did not end as it was told: plain values.
///
///     for (const shunt::CrashReport& each : host.crashes()) log(name(each.kind), each.how, describe(each.says));

#include <shunt/host/audit.hpp>
#include <shunt/schemas/error.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shunt {

/// What ended it, as far as it is known. The kernel, its warden and the host say so, with one exception: that an abort
/// was one for an exception is the plugin's own word.
enum class CrashKind : std::uint8_t {
  Signal,     ///< A signal but SIGABRT: its own doing, or somebody's `kill`.
  Abort,      ///< SIGABRT.
  Exception,  ///< SIGABRT for an exception that nobody caught, or a phase that threw.
  Exit,       ///< It exited by itself.
  Hang,       ///< The host ended it: a call unanswered, nothing done, chunks not returned, a phase too long.
  Breach,     ///< The host ended it: it broke the contract of its lane or of its control socket.
  Quota,      ///< The warden ended it: more private memory in use than it may have.
  Denials,    ///< The warden ended it: as many denied system calls as it may try.
  Phase,      ///< A phase returned an error.
  Unseen,     ///< It ended with its warden; nobody saw how.
  Host        ///< The host had no descriptor or memory left for it.
};
inline constexpr std::size_t kCrashKinds = 11;

/// The enum's own spelling.
std::string_view name(CrashKind kind) noexcept;

/// How many, by CrashKind.
using CrashCounts = std::array<std::uint32_t, kCrashKinds>;

/// What the plugin process wrote of itself while it ended. Nobody else has seen it, and it may be made up: all texts
/// are cut, and control characters and what is no UTF-8 are escaped.
struct PluginsWord {
  std::int32_t signal = 0;               ///< That its handler was given; 0: it wrote nothing.
  std::optional<std::uint64_t> address;  ///< That a fault was about.
  std::string thread;                    ///< In which it happened.
  std::vector<std::string> backtrace;    ///< "follower::Follower::judge(...) +0x1f", innermost first; at most 64.
  bool terminated = false;               ///< By std::terminate.
  std::string exception;                 ///< Its type: "std::runtime_error".
  std::string what;                      ///< What it says.
  std::vector<std::string> thrown_at;    ///< The backtrace of the throw; at most 24.

  [[nodiscard]] bool is_silent() const noexcept { return signal == 0 && !terminated; }
};

/// One text for people: "signal 11 at address 0x10 in thread shunt-serve", then a line for each frame. Empty when it is
/// silent.
std::string describe(const PluginsWord& word);

/// The last message whose handler was entered, by the marks in the lane; what it was is the host's own record.
struct LastMessage {
  std::string route;
  bool function = false;
  std::uint64_t correlation = 0;
  bool in_hand = false;                         ///< Its handler had not been left.
  std::optional<std::chrono::nanoseconds> age;  ///< Since a thread of the host asked, of a call without an answer.
};

struct CrashReport {
  std::chrono::system_clock::time_point at{};
  std::string plugin{};
  std::string version{};
  std::uint64_t instance = 0;
  CrashKind kind = CrashKind::Unseen;
  ErrorCode error = ErrorCode::Unknown;  ///< What a start that failed so gives.
  std::string state{};                   ///< In which it was when it ended, or the host ended it: "Active", ...
  std::string how{};                     ///< For people: "was ended by signal 11 (Segmentation fault)".
  std::optional<int> signal{};           ///< From the kernel; none: it exited, or nobody saw it.
  std::optional<int> exit_code{};        ///< Likewise.
  std::string phase_error{};             ///< Of a phase that failed: its words. Escaped.
  std::optional<LastMessage> last{};
  std::optional<AuditRecord> denied{};          ///< The system call that it was denied last.
  std::optional<std::uint64_t> memory_bytes{};  ///< Private, in use when its warden last looked.
  PluginsWord says{};
};

/// One line of JSON; docs/failures.md lists the members.
std::string to_json(const CrashReport& report);

}  // namespace shunt
