#pragma once
/// Asks the plugin how it is, and tells the host when that has changed; and what came of its validators, and what
/// failed that nobody waits for.

#include "phases.hpp"

#include <shunt/plugin-kit/runtime/control_channel.hpp>

#include <string>

namespace shunt::kit {

/// Of serving threads, one at a time.
class HealthTeller {
 public:
  HealthTeller(shunt_runtime& runtime, const Phases& phases, const ControlChannel& host)
      : runtime_(runtime), phases_(phases), host_(host) {}

  /// Once activate has succeeded, between messages. A system call and memory from the heap only when it has changed.
  void ask(Hand& hand) noexcept;

 private:
  /// What `book` of the runtime has that is new.
  template <typename Book>
  void tell(Book& book) noexcept;

  shunt_runtime& runtime_;
  const Phases& phases_;
  const ControlChannel& host_;
  int told_ = SHUNT_SERVING;  // what the host takes a plugin for that has said nothing
  std::string reason_told_;
};

}  // namespace shunt::kit
