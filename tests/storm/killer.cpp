#include "killer.hpp"

#include "waiting.hpp"

#include <shunt/bus/unique_fd.hpp>

#include <algorithm>
#include <csignal>
#include <fstream>

#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace storm {
namespace {

using shunt::bus::UniqueFd;

constexpr std::uint32_t kMessagesPerStrike = 100;  ///< Allowed on each sheet.
constexpr unsigned kHandlersBetweenKills = 100;    ///< At most; fewer than what is allowed brings about.
constexpr unsigned kSpins = 20'000;                ///< At most, so that a moment is not always the same.

/// The three processes of an instance: plugin, init, warden.
using Family = std::array<UniqueFd, 3>;

pid_t parent_of(pid_t pid) {
  std::ifstream status{fmt::format("/proc/{}/status", pid)};
  for (std::string word; status >> word;)
    if (pid_t parent = 0; word == "PPid:" && status >> parent) return parent;
  return 0;
}

/// None when one of them has ended already. The descriptors are opened before the ties are looked at: a number that was
/// given to a stranger meanwhile does not lead to us.
std::optional<Family> family_of(pid_t plugin) {
  Family family;
  pid_t pid = plugin;
  for (UniqueFd& member : family) {
    member.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    pid = parent_of(pid);
    if (!member || pid <= 1) return std::nullopt;
  }
  if (pid != ::getpid()) return std::nullopt;
  return family;
}

bool has_ended(const UniqueFd& process) {
  pollfd ended{process.get(), POLLIN, 0};
  return ::poll(&ended, 1, 0) == 1;
}

/// Those that a killed warden left to us; the warden is the host's to wait for.
void reap_orphans(const Family& family) {
  for (const auto victim : {Victim::Plugin, Victim::Init}) {
    siginfo_t ignored{};
    ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(family[static_cast<std::size_t>(victim)].get()),
             &ignored, WEXITED | WNOHANG);
  }
}

}  // namespace

bool is_gone(shunt::Host& host, const shunt::PluginSnapshot& instance) {
  return std::ranges::none_of(host.snapshot().plugins,
                              [&](const auto& each) { return each.instance == instance.instance; });
}

/// False: nothing came to the point of being killed.
bool Killer::wait_for_moment(const Prey& prey, bool at_work, std::optional<shunt::PluginSnapshot>& instance) {
  const auto find = [&] {
    const std::string_view state = at_work ? "Active" : "";
    instance = find_instance(storm_.host(), prey.plugin, last_killed_[prey.plugin], state);
    return instance.has_value();
  };
  if (!eventually(find)) return false;
  for (unsigned spins = random(kSpins); spins > 0; --spins) asm volatile("");
  return true;
}

std::string Killer::strike(Traffic& traffic) {
  const Prey prey = random(3) == 0 ? Prey{"relay", Actor::Relay} : Prey{"witness", Actor::Witness};
  const unsigned draw = random(20);
  const Victim victim = draw == 0 ? Victim::Warden : draw == 1 ? Victim::Init : Victim::Plugin;
  const auto handled = [&] { return storm_.evidence().handled_by(prey.actor); };
  // Counted from before there is more to do: afterwards it may be done at once, and nothing left to wait for.
  const std::uint64_t wanted = handled() + random(kHandlersBetweenKills);
  const bool at_work = traffic.allow(kMessagesPerStrike) && random(4) != 0;
  at_start_ += at_work ? 0 : 1;
  std::optional<shunt::PluginSnapshot> instance;
  if ((at_work && !eventually([&] { return handled() >= wanted; })) || !wait_for_moment(prey, at_work, instance))
    return fmt::format("{} never came to work again; {}", prey.plugin, storm::describe(storm_.host()));
  return kill(*instance, victim);
}

std::string Killer::kill(const shunt::PluginSnapshot& instance, Victim victim) {
  last_killed_[instance.plugin] = instance.instance;
  const auto family = family_of(static_cast<pid_t>(instance.pid));
  if (!family) return {};  // it has ended by itself: a switch, or a kill that struck two
  ::syscall(SYS_pidfd_send_signal, (*family)[static_cast<std::size_t>(victim)].get(), SIGKILL, nullptr, 0);
  ++kills_;
  ++by_victim_[static_cast<std::size_t>(victim)];
  const std::string who = fmt::format("{} {} #{}", instance.plugin, instance.version, instance.instance);
  if (!eventually([&] { return std::ranges::all_of(*family, has_ended); }))
    return fmt::format("a process of {} outlives the others", who);
  reap_orphans(*family);
  if (!eventually([&] { return is_gone(storm_.host(), instance); }))
    return fmt::format("the host does not notice the end of {}", who);
  return {};
}

std::string Killer::describe() const {
  return fmt::format("{} kills: {} plugin processes, {} inits, {} wardens; {} of them without waiting for work", kills_,
                     by_victim_[0], by_victim_[1], by_victim_[2], at_start_);
}

}  // namespace storm
