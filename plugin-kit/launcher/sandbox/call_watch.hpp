#pragma once
/// All that the warden does about its plugin's system calls: judging them, and telling the host what was denied.
///
///     CallWatch watch{std::move(listener), std::move(judge), denials_max};
///     poll({watch.fd(), ...}, watch.patience());
///     if (const auto call = watch.take()) watch.decide(*call);
///     if (auto news = watch.news()) host.send(std::move(*news));

#include "audit_book.hpp"
#include "judge.hpp"

#include <chrono>

namespace shunt::launcher {

class CallWatch {
 public:
  CallWatch(Listener listener, Judge judge, std::uint64_t denials_max)
      : listener_(std::move(listener)), judge_(std::move(judge)), book_(denials_max) {}

  [[nodiscard]] int fd() const noexcept { return listener_.fd(); }
  void enter(control::Phase phase) noexcept { judge_.enter(phase); }

  /// The call that made poll() return, to be decided next. None: its thread has ended, or the limit of denials is
  /// reached and nobody is answered any more.
  [[nodiscard]] std::optional<WaitingCall> take();
  void decide(const WaitingCall& call);
  /// Nobody is left who could call.
  void close() noexcept { listener_.close(); }

  [[nodiscard]] bool limit_reached() const noexcept { return book_.limit_reached(); }
  /// What to tell the host now: a call's first denial at once, more of it ten times a second.
  [[nodiscard]] std::optional<control::AuditT> news();
  /// The same without delay, before the last word about the plugin.
  [[nodiscard]] std::optional<control::AuditT> last_news();
  /// How long poll() may sleep before news() has to be asked; -1: as long as it likes.
  [[nodiscard]] int patience_ms() const noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  Listener listener_;
  Judge judge_;
  AuditBook book_;
  Clock::time_point told_{};
};

}  // namespace shunt::launcher
