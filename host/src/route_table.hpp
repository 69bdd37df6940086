#pragma once
/// Who serves and who hears each route right now: one immutable table, replaced as a whole by one exchange.

#include "inbox.hpp"
#include "instance.hpp"
#include "outlet.hpp"
#include "rcu.hpp"

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

/// One consumer of a topic, or the server of a function: the instance that gets messages now, and where they wait when
/// it is busy or dead.
struct Target {
  std::shared_ptr<Outlet> outlet;
  std::shared_ptr<Instance> instance;  ///< Null while the plugin is being restarted.
  Takes takes = Takes::Everything;
};

enum class RouteKind : std::uint8_t { None, Topic, Function };

struct RouteEntry {
  RouteKind kind = RouteKind::None;  ///< None: a route that was removed, or is not there yet.
  const RouteInfo* info = nullptr;
  Version version;                              ///< Of a function: of the one that serves it.
  std::vector<Target> targets;                  ///< A function has one; a topic one per plugin that hears it.
  std::vector<std::shared_ptr<Inbox>> inboxes;  ///< Of a topic: the host's own subscriptions.
  /// Nothing new goes over it: it was taken off, or it is a function of a plugin that was, or is stopped or
  /// quarantined.
  bool down = false;
  bool follow_ups = false;         ///< Though it is down, plugins may call it for what they handle,
  bool starts = false;             ///< and for nothing too: they start together with the one that serves it.
  std::string why_down{};          ///< "\"momentum\" was stopped", for callers.
  std::uint32_t hear_host = 0;     ///< How many of `targets`, from the first, get what the host's threads send.
  std::uint32_t hear_plugins = 0;  ///< The same for what plugins publish.

  [[nodiscard]] std::span<const Target> hearing_host() const noexcept { return std::span{targets}.first(hear_host); }
  [[nodiscard]] std::span<const Target> hearing_plugins() const noexcept {
    return std::span{targets}.first(hear_plugins);
  }
};

struct RouteTable {
  std::uint64_t epoch = 0;
  std::vector<RouteEntry> routes;  ///< By RouteId; 0 is never used.

  [[nodiscard]] const RouteEntry* find(RouteId id) const noexcept {
    return id.value < routes.size() && routes[id.value].kind != RouteKind::None ? &routes[id.value] : nullptr;
  }
};

/// The table in force. Readers hold an RcuReader; one thread at a time publishes.
class PublishedTable {
 public:
  PublishedTable() : current_(new Node) {}
  ~PublishedTable() {
    wait_for_callbacks();
    delete current_.load(std::memory_order_relaxed);
  }
  PublishedTable(const PublishedTable&) = delete;
  PublishedTable& operator=(const PublishedTable&) = delete;

  /// Valid while the caller's RcuReader lives. Acquire pairs with the exchange in publish().
  [[nodiscard]] const RouteTable& current() const noexcept { return current_.load(std::memory_order_acquire)->table; }

  /// One exchange, whatever the number of routes. The old table goes after its last reader; nobody waits for that.
  void publish(RouteTable table) {
    Node* const old = current_.exchange(new Node{{}, std::move(table)}, std::memory_order_acq_rel);
    note_read_ends();  // the node's maker hands it to liburcu's thread as readers do
    urcu_bp_call_rcu(&old->head, [](rcu_head* head) {
      note_readers_are_through();
      delete reinterpret_cast<Node*>(head);
    });
  }

  /// Runs `work` on a thread of liburcu once nobody reads an earlier table any more. Must not block.
  void after_readers(std::function<void()> work) {
    struct Callback {
      rcu_head head{};  // first, so that its address is the callback's
      std::function<void()> work;
    };
    auto* const callback = new Callback{{}, std::move(work)};
    note_read_ends();
    urcu_bp_call_rcu(&callback->head, [](rcu_head* head) {
      note_readers_are_through();
      const std::unique_ptr<Callback> owned{reinterpret_cast<Callback*>(head)};
      owned->work();
    });
  }
  /// What was handed to after_readers() before has run. Blocks.
  static void wait_for_callbacks() { urcu_bp_barrier(); }

 private:
  struct Node {
    rcu_head head{};  // first, so that its address is the node's
    RouteTable table;
  };
  std::atomic<Node*> current_;
};

}  // namespace shunt::host
