#pragma once
/// A switch under way: what moves, and how far it is. A change of what versions share a route is one, too: of a plugin
/// whose serving version stays.

#include "supervisor.hpp"

#include <map>
#include <set>

namespace shunt::host {

struct Supervisor::Move {
  /// Who sits where. Null: whoever sat there has died.
  using Sitting = std::map<std::uint32_t, std::shared_ptr<Instance>>;

  std::string plugin;
  std::shared_ptr<PluginVersion> from_version;
  std::shared_ptr<PluginVersion> to_version;
  std::map<std::uint32_t, Shares> from_shares{};
  std::map<std::uint32_t, Shares> to_shares{};
  Shadow from_shadow{};
  Shadow to_shadow{};
  GivenTraits from_traits{};
  GivenTraits to_traits{};
  bool is_one_way = false;  ///< It is a way back: what does not finish in time is cut off, and nothing is undone.
  std::map<std::uint32_t, std::shared_ptr<PluginVersion>> staged{};  ///< What is started for this, by seat.
  Sitting from{};
  Sitting to{};
  std::uint32_t state = 0;        ///< Which version of its state is handed over; 0: none.
  std::uint64_t state_bytes = 0;  ///< Once it was.

  [[nodiscard]] bool switches() const noexcept { return from_version != to_version; }
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
  EventLoop::Clock::time_point exchanged{};  ///< From when on what comes for whoever awaits a state waits.

  /// True for the last of those awaited.
  bool one_less(const Status& status) {
    if (!status && outcome) outcome = status;
    return --awaited == 0;
  }
  /// Whether anybody's state is to be handed over.
  [[nodiscard]] bool hands_over() const {
    return std::ranges::any_of(moves, [](const Move& move) { return move.state != 0; });
  }
  /// Whether any plugin goes over to another version: then chains keep to the one that they began with.
  [[nodiscard]] bool switches() const { return std::ranges::any_of(moves, &Move::switches); }
  /// Whom an exchange led away from, by seat.
  [[nodiscard]] Move::Sitting leaving(const Move& move) const { return left_out(undone ? move.to : move.from, move); }
  [[nodiscard]] const Move::Sitting& staying(const Move& move) const { return undone ? move.from : move.to; }
  /// Whose start this did not ask for, a restart's, sits down where a newcomer has died: it stays as that one would
  /// have, and goes as that one would when there is an exchange back.
  void sits_down(const std::string& plugin, std::uint32_t seat, const std::shared_ptr<Instance>& instance) {
    for (Move& move : moves)
      if (move.plugin == plugin) (undone ? move.from : move.to)[seat] = instance;
  }

 private:
  [[nodiscard]] Move::Sitting left_out(const Move::Sitting& before, const Move& move) const {
    Move::Sitting result;
    for (const auto& [seat, instance] : before) {
      const auto now = staying(move).find(seat);
      if (instance != nullptr && (now == staying(move).end() || now->second != instance))
        result.emplace(seat, instance);
    }
    return result;
  }
};

}  // namespace shunt::host
