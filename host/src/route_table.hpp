#pragma once
/// Who serves and who hears each route right now: one immutable table, replaced as a whole by one exchange.

#include "epoch.hpp"
#include "grace_periods.hpp"
#include "inbox.hpp"
#include "instance.hpp"
#include "message_numbers.hpp"
#include "mirroring.hpp"
#include "outcomes.hpp"
#include "outlet.hpp"
#include "rcu.hpp"
#include "split.hpp"
#include "suited_seats.hpp"
#include "trial.hpp"

#include <shunt/host/configuration.hpp>
#include <shunt/schemas/ids.hpp>
#include <shunt/schemas/version.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace shunt::host {

/// What a target gets beside what waits for it already. In this order in the table.
enum class Takes : std::uint8_t {
  Everything,
  FollowUps,  ///< Of plugins only: all of them finish together, and what they still send belongs to what they have; or
              ///< they start together.
  Nothing     ///< It was taken off, or is stopped and finishes what it has.
};

/// A seat of a consumer of a topic, or of the server of a function: the instance that gets messages now, and where they
/// wait when it is busy or dead.
struct Target {
  std::shared_ptr<Outlet> outlet;
  std::shared_ptr<Instance> instance;  ///< Null while the plugin is being restarted.
  Takes takes = Takes::Everything;
  std::uint8_t place = 0;                ///< Among the seats of its split.
  std::uint16_t consumer = 0;            ///< Among those of its route.
  std::shared_ptr<const Split> split{};  ///< Null: all of its consumer's messages are for it.
  std::shared_ptr<const Traits> traits{};
  std::shared_ptr<const Candidates> candidates{};  ///< The seats of its consumer; null: hints mean nothing to it.
  /// While a switch drains: who handles what belongs to chains that began before it, as far as that waits.
  std::shared_ptr<Instance> earlier{};
  std::shared_ptr<Outcomes> outcomes{};          ///< Where a breaker guards its version on this route; else null.
  std::shared_ptr<const Mirroring> mirroring{};  ///< Where copies of its messages go; null: nowhere.
  /// A breaker is open: what waits here is not sent, and goes to who serves instead.
  bool shunned = false;
  bool repeats = false;  ///< Its version may do a request once more, and the route has `retries`.

  [[nodiscard]] bool gets(const Pick& pick) const noexcept {
    if (pick.among != nullptr) [[unlikely]] {
      const Split::Places places = pick.among->of(consumer);
      return split == nullptr ? (places & 1) != 0 : split->place_of(pick, places) == place;
    }
    return split == nullptr || split->place_of(pick) == place;
  }
};

enum class RouteKind : std::uint8_t { None, Topic, Function };

struct RouteEntry {
  RouteKind kind = RouteKind::None;  ///< None: a route that was removed, or is not there yet.
  const RouteInfo* info = nullptr;
  std::vector<Target> targets;  ///< The seats of a function's server; or, of a topic, of each plugin that hears it.
  std::vector<std::shared_ptr<Inbox>> inboxes;  ///< Of a topic: the host's own subscriptions.
  /// Of a function, while a switch drains: who serves chains that began before it.
  std::vector<Target> before{};
  bool is_split = false;       ///< Some consumer has several seats.
  bool is_idempotent = false;  ///< Of a function: whoever serves it may do a request twice.
  /// Nothing new goes over it: it was taken off, or it is a function of a plugin that was, or is stopped or
  /// quarantined.
  bool down = false;
  bool follow_ups = false;         ///< Though it is down, plugins may call it for what they handle,
  bool starts = false;             ///< and for nothing too: they start together with the one that serves it.
  std::string why_down{};          ///< "\"momentum\" was stopped", for callers.
  std::uint32_t hear_host = 0;     ///< How many of `targets`, from the first, get what the host's threads send.
  std::uint32_t hear_plugins = 0;  ///< The same for what plugins publish.
  std::uint16_t consumers = 0;     ///< How many there are among them.
  std::shared_ptr<Trial> trial{};  ///< Of a function, while a version of it is tried again; else null.
  Split::Places tried = 0;         ///< Its seats.

  /// Once for each message.
  [[nodiscard]] Pick pick(std::uint64_t key) const noexcept {
    if (!is_split) [[likely]]
      return {};
    if (key != 0 && info->settings.sticky) return {.key = key};
    return {.number = next_number(info->counters.split, info->id.value)};
  }
  /// Of a function that has a server: its seat for this message. The seats of a split stand first, in the order of
  /// their places.
  [[nodiscard]] const Target& server(const Pick& pick) const noexcept {
    const Target& first = targets.front();
    if (trial != nullptr && trial->admit()) [[unlikely]]
      return targets[first.split->place_of(pick, tried)];
    return first.split == nullptr ? first : targets[first.split->place_of(pick)];
  }

  /// Where it sits; null: it does not, or not any more.
  [[nodiscard]] const Target* seat_of(const Instance& instance) const noexcept {
    for (const Target& target : targets)
      if (target.instance.get() == &instance) return &target;
    return nullptr;
  }

  /// Every seat with an outlet of its own, whatever it gets.
  template <typename Visit>
  void for_each_seat(Visit&& visit) const {
    for (const Target& target : targets) visit(target);
    for (const Target& target : before)  // the new version has no such function, or no such seat
      if (targets.empty() || target.takes == Takes::Nothing) visit(target);
  }

  [[nodiscard]] std::span<const Target> hearing_host() const noexcept { return std::span{targets}.first(hear_host); }
  [[nodiscard]] std::span<const Target> hearing_plugins() const noexcept {
    return std::span{targets}.first(hear_plugins);
  }
};

/// The same, of `allowed` places only; null: none of them is.
[[nodiscard]] inline const Target* seat_among(std::span<const Target> seats, const Pick& pick,
                                              Split::Places allowed) noexcept {
  const Target& first = seats.front();
  if (first.split == nullptr) return (allowed & 1) != 0 ? &first : nullptr;
  const std::size_t place = first.split->place_of(pick, allowed);
  return place == Split::kNowhere ? nullptr : &seats[place];
}

struct RouteTable {
  std::uint64_t epoch = 0;         ///< Its number.
  Epoch chains{};                  ///< The epoch in which chains begin now.
  std::vector<RouteEntry> routes;  ///< By RouteId; 0 is never used.

  [[nodiscard]] const RouteEntry* find(RouteId id) const noexcept {
    return id.value < routes.size() && routes[id.value].kind != RouteKind::None ? &routes[id.value] : nullptr;
  }
};

/// The table in force. Readers hold an RcuReader; one thread at a time publishes.
class PublishedTable {
 public:
  PublishedTable() : current_(new RouteTable) {}
  ~PublishedTable() {
    graces_.wait();
    delete current_.load(std::memory_order_relaxed);
  }
  PublishedTable(const PublishedTable&) = delete;
  PublishedTable& operator=(const PublishedTable&) = delete;

  /// Valid while the caller's RcuReader lives. Acquire pairs with the exchange in publish().
  [[nodiscard]] const RouteTable& current() const noexcept { return *current_.load(std::memory_order_acquire); }

  /// One exchange, whatever the number of routes. The old table goes after its last reader; nobody waits for that.
  void publish(RouteTable table) {
    const RouteTable* const old = current_.exchange(new RouteTable{std::move(table)}, std::memory_order_acq_rel);
    graces_.after([old] { delete old; });
  }

  /// Runs `work` on a thread of its own once nobody reads an earlier table any more. Must not block.
  void after_readers(std::function<void()> work) { graces_.after(std::move(work)); }
  /// What was handed to after_readers() before has run. Blocks.
  void wait_for_callbacks() { graces_.wait(); }

 private:
  std::atomic<const RouteTable*> current_;
  GracePeriods graces_;
};

}  // namespace shunt::host
