#pragma once
/// Takes messages off the lane, one at a time, and enters the plugin's handlers.

#include "phases.hpp"
#include "route_index.hpp"

namespace shunt::kit {

class ServingLoop {
 public:
  ServingLoop(shunt_runtime& runtime, const Phases& phases, const CommandBox& commands);

  /// Serves until a command waits. False: the host broke the lane's contract, and nothing more can be served.
  bool run() noexcept;

 private:
  bool serve_urgent() noexcept;
  bool serve_one() noexcept;
  void serve_request(const bus::Incoming& incoming) noexcept;
  template <typename MarkBegun>
  void serve_publication(const bus::Incoming& incoming, const MarkBegun& mark_begun) noexcept;
  void end_message(const bus::Incoming& incoming) noexcept;
  void take_in_hand(const bus::Incoming& incoming, bool wants_answer) noexcept;
  /// Answers without entering the handler.
  void refuse(const bus::Incoming& incoming, ErrorCode code, std::string_view text) noexcept;
  shunt_message message(const bus::Incoming& incoming, std::uint32_t index) const noexcept;
  void sleep() noexcept;

  shunt_runtime& runtime_;
  bus::LaneEnd& lane_;
  const Phases& phases_;
  const CommandBox& commands_;
  RouteIndex functions_;
  RouteIndex topics_in_;
};

}  // namespace shunt::kit
