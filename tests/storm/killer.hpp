#pragma once
/// Kills one process of an instance at a random moment and sees all of the instance end.
///
///     Killer killer{storm, seed};
///     ASSERT_EQ(killer.strike(traffic), "");

#include "traffic.hpp"

#include <array>
#include <map>
#include <random>
#include <string>

#include <sys/types.h>

namespace storm {

enum class Victim : std::uint8_t { Plugin, Init, Warden };

class Killer {
 public:
  Killer(HostUnderStorm& storm, unsigned seed) : storm_(storm), random_(seed) {}

  /// Any process of any plugin, at any moment: at its start or in the middle of work, for which it allows some traffic.
  /// Empty, or what went wrong.
  std::string strike(Traffic& traffic);
  /// The plugin process of one instance, now. Empty, or what went wrong.
  std::string kill(const shunt::PluginSnapshot& instance, Victim victim = Victim::Plugin);

  [[nodiscard]] std::uint64_t kills() const { return kills_; }
  /// "812 plugin processes, ...", for people.
  [[nodiscard]] std::string describe() const;
  unsigned random(unsigned below) { return std::uniform_int_distribution<unsigned>{0, below - 1}(random_); }

 private:
  struct Prey {
    std::string plugin;
    Actor actor;
  };
  bool wait_for_moment(const Prey& prey, bool at_work, std::optional<shunt::PluginSnapshot>& instance);

  HostUnderStorm& storm_;
  std::mt19937 random_;
  std::uint64_t kills_ = 0;
  std::uint64_t at_start_ = 0;
  std::array<std::uint64_t, 3> by_victim_{};
  std::map<std::string, std::uint64_t> last_killed_;  // instance, by plugin
};

/// Nothing is left of the instance that was found as `instance`: the host has forgotten it.
bool is_gone(shunt::Host& host, const shunt::PluginSnapshot& instance);

}  // namespace storm
