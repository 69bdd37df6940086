#pragma once
/// What the warden watches of its plugin: its calls, its threads and its memory.

#include "attachment.hpp"
#include "sandbox/call_watch.hpp"
#include "sandbox/memory_watch.hpp"

#include <optional>

#include <sys/types.h>

namespace shunt::launcher {

class Oversight {
 public:
  struct News {
    std::optional<control::AuditT> audit;
    std::optional<control::MemoryHighT> memory;
  };

  /// Keeps descriptors of the plugin's objects under the numbers that they have in the plugin process. `granted`: the
  /// calls that its manifest gets beyond the default.
  Oversight(Attachment& attachment, std::set<int> granted);

  /// The plugin process as it numbers itself, and as we do.
  void plugin_is(pid_t inside, pid_t outside);
  /// The filter's listener, from the plugin process; its calls wait until plugin_is() was called too.
  void take(bus::UniqueFd listener);
  /// What the plugin process says that holds, with what we add.
  [[nodiscard]] control::ConfinedT complete(const control::Confined& confined) const;
  /// What a plugin process may not do for itself. Errors: BadConfiguration.
  [[nodiscard]] Status schedule() const;

  /// -1: nothing to poll.
  [[nodiscard]] int fd() const noexcept { return calls_ ? calls_->fd() : -1; }
  [[nodiscard]] int patience_ms() const noexcept;
  /// What fd() is ready with: a call that decide() has to be given, or nothing.
  [[nodiscard]] std::optional<WaitingCall> take_call(short events);
  void decide(const WaitingCall& call);
  void enter(control::Phase phase) noexcept;

  /// What the host has not been told.
  [[nodiscard]] News news();
  [[nodiscard]] News last_news();
  /// Private memory in use when last looked at; 0: not known.
  [[nodiscard]] std::uint64_t memory_bytes() const noexcept { return memory_ ? memory_->last_seen() : 0; }
  /// Whether the plugin has tried too much, or uses too much.
  [[nodiscard]] bool must_end() const noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  void begin();

  control::SandboxT rules_;
  std::set<int> granted_;
  std::uint64_t data_bytes_max_ = 0;
  std::vector<bus::UniqueFd> objects_;
  control::Phase phase_ = control::Phase::Load;
  pid_t inside_ = 0;
  pid_t outside_ = 0;
  bus::UniqueFd listener_;  // until plugin_is()
  std::optional<CallWatch> calls_;
  std::optional<MemoryWatch> memory_;
  Clock::time_point look_again_{};
  bool over_limit_ = false;
};

}  // namespace shunt::launcher
