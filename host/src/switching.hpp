#pragma once
/// A switch under way: what moves, and how far it is.

#include "supervisor.hpp"

namespace shunt::host {

struct Supervisor::Move {
  std::string plugin;
  std::shared_ptr<PluginVersion> from_version;
  std::shared_ptr<PluginVersion> to_version;
  /// By seat: as many as each version has instances. Null: it died before the exchange, and what it left waits there.
  std::vector<std::shared_ptr<Instance>> from{};
  std::vector<std::shared_ptr<Instance>> to{};
};

struct Supervisor::Switching {
  std::vector<Move> moves;
  Done done;
  std::size_t awaited = 0;  ///< How many of what goes on in parallel have not come to their end.
  Status outcome{};         ///< The first thing that went wrong.

  // From an exchange on, until the chains that began before it have ended.
  struct Other {
    std::shared_ptr<Instance> instance;
    Instance::Progress then;
  };
  bool undone = false;          ///< It is the exchange back.
  std::vector<Other> others{};  ///< Who can call what moved, by whatever way, and what they had been sent.
  EventLoop::Clock::time_point began{};

  /// True for the last of those awaited.
  bool one_less(const Status& status) {
    if (!status && outcome) outcome = status;
    return --awaited == 0;
  }
  /// Whom an exchange led away from, by seat; each may be null.
  [[nodiscard]] const std::vector<std::shared_ptr<Instance>>& leaving(const Move& move) const {
    return undone ? move.to : move.from;
  }
  [[nodiscard]] const std::vector<std::shared_ptr<Instance>>& staying(const Move& move) const {
    return undone ? move.from : move.to;
  }
  [[nodiscard]] const std::shared_ptr<PluginVersion>& left(const Move& move) const {
    return undone ? move.to_version : move.from_version;
  }
};

}  // namespace shunt::host
