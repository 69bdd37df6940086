#pragma once
/// One end of a hand-over: what the plugin knows, into a file of the host's, or from it.
///
/// Of the serving thread, between commands: no worker is in the plugin, nor any timer.

#include "phases.hpp"
#include "state_command.hpp"

namespace shunt::kit {

class StateHandOver {
 public:
  StateHandOver(shunt_runtime& runtime, const Phases& phases) : runtime_(runtime), phases_(phases) {}

  [[nodiscard]] control::SnapshottedT snapshot(const StateCommand& command);
  [[nodiscard]] control::RestoredT restore(const StateCommand& command);

 private:
  struct Outcome {
    int code = SHUNT_OK;
    std::string text;
  };
  template <typename Call>
  Outcome run(Call&& call);
  template <typename Answer>
  [[nodiscard]] Answer answer(Outcome&& outcome) const;

  shunt_runtime& runtime_;
  const Phases& phases_;
};

}  // namespace shunt::kit
