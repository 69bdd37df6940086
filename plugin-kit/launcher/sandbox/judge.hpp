#pragma once
/// Decides the calls that the filter leaves open, by the phase that the plugin is in.
///
///     judge.enter(control::Phase::Init);                         // as the host announces it
///     const Verdict verdict = judge.decide(listener, *call);     // and answers it
///
/// What depends on registers alone may go through; what depends on memory is carried out here and its result given.

#include "granted_files.hpp"
#include "listener.hpp"
#include "thread_count.hpp"

#include <shunt/schemas/control_generated.h>

#include <set>

namespace shunt::launcher {

class Judge {
 public:
  struct Rules {
    std::uint32_t threads_max = 0;
    std::set<int> granted_calls;  ///< By the manifest, from activate on.
    int plugin = 0;               ///< The plugin process, as it numbers itself.
  };

  Judge(Rules rules, GrantedFiles files, ThreadCount threads)
      : rules_(std::move(rules)), files_(std::move(files)), threads_(std::move(threads)) {}

  void enter(control::Phase phase) noexcept { phase_ = phase; }
  [[nodiscard]] control::Phase phase() const noexcept { return phase_; }

  /// Answers the call. The error that it was denied with; 0: it was not denied.
  int decide(const Listener& listener, const WaitingCall& call);

 private:
  int decide_open(const Listener& listener, const WaitingCall& call);
  int decide_status(const Listener& listener, const WaitingCall& call);
  int decide_map(const Listener& listener, const WaitingCall& call) const;
  int decide_clone(const Listener& listener, const WaitingCall& call);
  int decide_signal(const Listener& listener, const WaitingCall& call) const;
  int decide_granted(const Listener& listener, const WaitingCall& call) const;
  [[nodiscard]] bool may_read() const noexcept;

  Rules rules_;
  GrantedFiles files_;
  ThreadCount threads_;
  control::Phase phase_ = control::Phase::Load;
};

}  // namespace shunt::launcher
