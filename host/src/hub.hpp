#pragma once
/// The middle of the star: sends what threads of the host publish and call, drains what plugins send, and passes
/// messages from plugin to plugin. All of it runs on the user's threads.
///
/// Locks, from the outside in: drain, outlet, lane's send, in-flight, due callbacks, pool. None is held while user code
/// runs.

#include "async_calls.hpp"
#include "copies.hpp"
#include "hub_listener.hpp"
#include "in_flight.hpp"
#include "inbox.hpp"
#include "last_will.hpp"
#include "pending_call.hpp"
#include "read_arena.hpp"
#include "route_table.hpp"
#include "sending.hpp"

#include <shunt/bus/builder.hpp>
#include <shunt/bus/clock.hpp>
#include <shunt/host/options.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace shunt::host {

class HintedContent;

class Hub {
 public:
  static constexpr std::uint32_t kInFlightMax = 8192;  ///< Calls, over all routes.

  /// Errors: System (no memory for the host's own pool). `tables` and `listener` outlive the hub.
  [[nodiscard]] static Result<std::unique_ptr<Hub>> create(PublishedTable& tables, HubListener& listener);
  ~Hub();

  // ---- Sending (send.cpp; memory to build in: route_handle.cpp). Any thread, also from callbacks.

  struct PoolLoan {
    InboundPool* pool = nullptr;
    bus::LoanedChunk chunk;
  };
  /// Memory to build a payload for this route in, after taking back what plugins have returned if need be. Errors:
  /// QuotaExceeded (its receiver, or on a topic that drops every receiver, has no chunk left), TooLarge.
  [[nodiscard]] Result<PoolLoan> loan(const RouteInfo& route, std::size_t bytes);

  /// Both consume `built`; `pool` is where its chunk comes from, null when it has none. Errors of publish: NoSuchRoute,
  /// RingFull (nobody took it and a receiver refuses), QuotaExceeded and TooLarge (nobody took it, and one that must
  /// not lose it has no chunk for it). Errors of call: also DeadlineExceeded, NotServing, OutcomeUnknown, and the
  /// plugin's own.
  [[nodiscard]] Result<Sent> publish(const RouteInfo& route, InboundPool* pool, const bus::Built& built,
                                     const PublishOptions& options);
  [[nodiscard]] Result<ReceivedBytes> call(const RouteInfo& route, InboundPool* pool, const bus::Built& built,
                                           const CallRequest& request);

  /// One of several publications that go out together: as publish() consumes it.
  struct Part {
    InboundPool* pool = nullptr;
    const bus::Built* built = nullptr;
    std::uint64_t key = 0;
  };
  struct SentBatch {
    std::size_t published = 0;  ///< The first ones.
    Sent sent;                  ///< Sums over them.
    std::optional<Error> rest{};
  };
  /// In order, with one look at the table and one wake-up of each receiver (publish_batch.cpp). At least one part, and
  /// at most kBatchMax. Errors, where none was published: those of publish().
  [[nodiscard]] Result<SentBatch> publish_batch(const RouteInfo& route, std::span<const Part> parts,
                                                const BatchOptions& options);
  static constexpr std::size_t kBatchMax = 16;

  /// How many messages the route takes now, of its receiver with the least room (room.cpp); SIZE_MAX where there is
  /// none.
  [[nodiscard]] std::size_t room(const RouteInfo& route) noexcept;
  /// While any thread waits for room, those who sleep look again every kRoomTick.
  void wait_for_room(bool begins) noexcept;

  /// What somebody who has vanished had left, to all receivers of the topic: in front of all that waits for them, and
  /// never refused (last_will_sending.cpp). Control thread; allocates. Errors: NoSuchRoute (nobody declares the topic
  /// any more), NotServing (nothing goes over it now).
  [[nodiscard]] Result<Sent> publish_last_will(const RouteInfo& route, const LastWill& will);

  // ---- Calls that their caller does not wait for (async.cpp). Any thread, also from callbacks.

  /// Without a completion the call is the caller's until end_call(). With one it is run_due()'s: use nothing of it but
  /// the correlation. An error means that the completion never runs.
  struct StartedCall {
    AsyncCall* call = nullptr;
    std::uint64_t correlation = 0;
  };
  /// As call(), but returns when the request is on its way. Errors: those of call() before that.
  [[nodiscard]] Result<StartedCall> start_call(const RouteInfo& route, InboundPool* pool, const bus::Built& built,
                                               const CallRequest& request, Completion completion);
  /// Whether get() would return at once. Drains, if nobody else does.
  [[nodiscard]] bool ready(AsyncCall& call);
  [[nodiscard]] Result<ReceivedBytes> get(AsyncCall& call);
  /// Cancels it unless it has an outcome.
  void end_call(AsyncCall& call) noexcept;
  /// False: it has an outcome already. For the correlation of such a call only.
  bool cancel(std::uint64_t correlation) noexcept { return give_up(correlation, GaveUp::Cancelled); }

  /// Whether a callback of a call waits to be run.
  [[nodiscard]] bool has_due_callback() const noexcept { return async_.has_due(); }
  /// Whether run_due() has something to do: the same, or the deadline of a call with a callback may have passed.
  [[nodiscard]] bool has_due() const noexcept {
    const std::int64_t expiry_ns = expiry_ns_.load(std::memory_order_relaxed);
    return has_due_callback() || (expiry_ns != INT64_MAX && bus::now_ns() >= expiry_ns);
  }
  /// Gives up the calls with a callback whose deadline has passed: their callbacks are due then.
  void give_up_expired() noexcept;
  /// The same, and runs up to `most` callbacks on this thread; how many. What they throw comes through.
  std::size_t run_due(std::size_t most);
  /// Lets them go, unrun.
  void drop_due() noexcept;

  // ---- Draining (drain.cpp).

  /// Takes what all lanes have to give, unless another thread is doing so. True when there was anything.
  bool drain();
  /// The same, but waits for its turn: what was committed before the call has been taken after it.
  void drain_in_turn() {
    while_not_draining([this] { static_cast<void>(pass()); });
  }
  /// Sleeps until a lane has something, `wake()` or `timeout`; not while `is_due()`, what a drain has set aside. While
  /// another thread drains: until it sets something aside, or leaves.
  void sleep(std::chrono::nanoseconds timeout, const std::function<bool()>& is_due);
  /// Ends every sleep.
  void wake() noexcept;

  // ---- The route table, and lanes that come and go (control thread).

  /// Publishes the table, and gives those who come to a latched topic, or back to it, what they have missed of what it
  /// keeps (latching.cpp).
  void exchange(RouteTable table);

  void add_lane(std::shared_ptr<Instance> instance);
  /// For an instance that has been reaped: takes what it had committed, and forgets the lane once there is nothing
  /// left. False: a receiver refuses its last publications for now; try again.
  [[nodiscard]] bool remove_lane(const Instance& instance);
  /// Of one that has exited: what it had committed, but what a receiver refuses for now, and what stands behind it.
  void take_last_of(const Instance& instance);
  /// What the instance has committed by now and nobody has taken from its lane: nothing, only what a receiver refuses
  /// for now and what stands behind it, or more.
  enum class Untaken : std::uint8_t { Nothing, Refused, More };
  [[nodiscard]] Untaken untaken(const Instance& instance);
  /// For an instance that has been reaped: every message it was sent gets its outcome (failover.cpp). What it had not
  /// begun waits for the next instance; `why` says how it ended, `account` what it said of that.
  void fail_over(Instance& dead, std::uint32_t seat, const std::string& why, const std::string& account);
  /// What waits in an outlet whose seat is empty goes to the other seats of its consumer, in front of what waits there
  /// (handing_on.cpp). It stays where no seat is up.
  void hand_on(Outlet& from);
  /// Ends every request that waits for this plugin: nobody is going to serve it.
  void fail_waiting(const std::string& plugin, const Error& why);
  struct CutOff {
    std::size_t calls = 0;
    std::size_t publications = 0;
  };
  /// Ends what is left of a route that nothing new goes over: who waits for a reply hears `why`, the plugin is told to
  /// cancel, and publications that wait are dropped. What is in a ring cannot be taken back.
  CutOff cut_off(const RouteInfo& route, const Error& why);
  /// Runs `use()` while nobody drains.
  template <typename Use>
  void while_not_draining(Use&& use) {
    const DrainHold hold{*this};
    use();
  }

  /// Sends what waits in backlogs, as far as there is room. After a table was published.
  void flush_backlogs();
  /// The same for one receiver. True: something of it still waits.
  bool flush_backlog(const Instance& instance);

  /// The chunk of the instance's pool in which a publication lies that a receiver refuses for now; none: nothing of it
  /// waits here.
  [[nodiscard]] std::optional<bus::ChunkId> stalled_chunk(const Instance& instance);

  /// For topics that no plugin hears.
  [[nodiscard]] static bus::PoolGeometry own_geometry();
  [[nodiscard]] InboundPool& own_pool() noexcept { return *own_pool_; }
  [[nodiscard]] InFlightTable& in_flight() noexcept { return in_flight_; }
  [[nodiscard]] PublishedTable& tables() noexcept { return tables_; }
  /// Ends every call with this error from now on.
  void shut(const Error& why);

  /// Gives up what a message holds: its chunk.
  static void let_go(const bus::MessageHeader& header, InboundPool& pool) noexcept;
  /// Ends a request that will never be answered by a plugin, whoever asked.
  void fail_request(const InFlight& record, const Error& why);

 private:
  struct Lane {
    std::shared_ptr<Instance> instance;
    const bus::Incoming* stalled = nullptr;  ///< A publication that a receiver refuses for now; its slot is not freed.
    std::optional<Pick> stalled_pick{};      ///< Whose it is, where its topic is split.
    bool breach_reported = false;
  };

  /// Nobody else drains while it lives, and somebody else can afterwards, whatever was thrown meanwhile.
  class DrainHold {
   public:
    explicit DrainHold(Hub& hub) : hub_(hub) { hub_.lock_drain(); }
    DrainHold(Hub& hub, std::adopt_lock_t) : hub_(hub) {}
    ~DrainHold() {
      hub_.leader_ = nullptr;
      hub_.unlock_drain();
    }
    DrainHold(const DrainHold&) = delete;
    DrainHold& operator=(const DrainHold&) = delete;

   private:
    Hub& hub_;
  };

  /// Counts among the sleepers while it lives. The fence pairs with the one in wake_sleepers().
  class Sleeper {
   public:
    explicit Sleeper(Hub& hub) : hub_(hub) {
      hub_.sleepers_.fetch_add(1, std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_seq_cst);
    }
    ~Sleeper() { hub_.sleepers_.fetch_sub(1, std::memory_order_relaxed); }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;

   private:
    Hub& hub_;
  };

  // failover.cpp
  struct Leftover;
  static std::vector<Leftover> leftovers(Instance& dead);
  static std::vector<Leftover> data_leftovers(Instance& dead);
  bool settle(Leftover& leftover, const Instance& dead, Outlet& outlet, const std::string& why,
              const std::string& account);

  // route_handle.cpp
  InboundPool& pool_for(const RouteInfo& route) noexcept;
  std::optional<bus::LoanedChunk> find_chunk(InboundPool& pool, std::size_t bytes);
  std::optional<PoolLoan> loan_elsewhere(const RouteInfo& route, const InboundPool& nearest, std::size_t bytes);
  static bool make_room(std::span<const Target> receivers, InboundPool& pool,
                        const bus::MessageHeader& header) noexcept;
  static Error no_chunk(InboundPool& pool, std::size_t bytes);

  // send.cpp
  Delivered deliver(const RouteEntry& entry, const Target& target, Message& message, InFlight* request,
                    Turn turn = Turn::InOrder) noexcept {
    if (target.mirroring != nullptr) [[unlikely]]
      return deliver_mirrored(entry, target, message, request, turn);
    return deliver_alone(entry, target, message, request, turn);
  }
  Delivered deliver_alone(const RouteEntry& entry, const Target& target, Message& message, InFlight* request,
                          Turn turn) noexcept;
  Delivered deliver_mirrored(const RouteEntry& entry, const Target& target, Message& message, InFlight* request,
                             Turn turn) noexcept;  // mirroring.cpp, as the next
  bool copy_to_shadow(const Mirroring& mirroring, Instance& shadow, Message& copy, const InFlight* request) noexcept;
  bool fan_out(const RouteEntry& entry, std::size_t first, const Pick& pick, Message& message, InboundPool* pool,
               Sent& sent) noexcept;
  bool copy_to(InboundPool& to, Message& message, const InboundPool* from) noexcept;
  Result<Delivered> deliver_copy(const RouteEntry& entry, const Target& target, Message& message,
                                 const InboundPool& pool, InFlight& request);
  void take_back(InFlight& request) noexcept;
  static void note_over_cap(const Target& target, const bus::MessageHeader& header) noexcept;
  Error over_quota(const RouteInfo& route);
  static Error turned_away(const RouteInfo& route, const std::string& why_down);
  bool refuses(const Target& target, bool urgent) noexcept;
  void suspect(Instance& instance) noexcept;
  std::uint32_t flush(const Target& target) noexcept;
  Instance& receiver_of(const Target& target, const QueuedMessage& message) noexcept;
  std::uint64_t send_request(const RouteInfo& route, InboundPool* pool, const bus::Built& built,
                             const CallRequest& request, PendingCall& pending);

  void hand_on(Outlet& from, std::vector<std::pair<std::uint64_t, Error>>& refused);  // handing_on.cpp

  // hinted_sending.cpp
  Status put_hints(const RouteInfo& route, const Hints& hints, Message& message, InboundPool& to,
                   HintedContent& content);
  Status add_hints(const RouteEntry& entry, const Hints& hints, Pick& pick, Message& message, HintedContent& content);
  Result<Delivered> deliver_hinted(const RouteEntry& entry, Message& message, const InboundPool* pool,
                                   const CallRequest& request, InFlight& record);

  // calls.cpp: what becomes of a call once its request is on its way
  static constexpr std::size_t kToldAtOnce = 16;  ///< By a thread that has something else to do.
  Result<ReceivedBytes> await(PendingCall& pending, std::uint64_t correlation, const RouteInfo& route,
                              const CallRequest& request);
  void tell_cancelled(std::size_t most) noexcept;
  void withdraw(const RouteInfo& route, std::uint64_t correlation) noexcept;

  // async.cpp
  bool give_up(std::uint64_t correlation, GaveUp why) noexcept;
  void expect_by(std::int64_t deadline_ns) noexcept;
  Result<ReceivedBytes> outcome(AsyncCall& call);

  // falling_back.cpp
  Result<ReceivedBytes> failed(const RouteInfo& route, Error why);
  static Error too_late(const RouteInfo& route);
  bool fall_back(Instance& from, const bus::MessageHeader& request, const Error& why);

  // drain.cpp
  bool pass(const PendingCall* mine = nullptr);
  bool drain_lane(Lane& lane, const PendingCall* mine);
  bool drain_replies(Lane& lane, const PendingCall* mine);
  bool drain_data(Lane& lane);
  void accept_reply(Instance& instance, const bus::Incoming& incoming);
  const RouteInfo* try_again(Instance& instance, const bus::MessageHeader& reply);  // trying_again.cpp
  void accept_failure(Instance& instance, const RouteInfo& route, const bus::Incoming& incoming);
  void accept_urgent(Instance& instance, const bus::Incoming& incoming);
  void count_thrown(Instance& instance, const Error& what) noexcept;
  bool may_call(const Instance& instance, std::uint32_t route) const noexcept;
  void turn_away(Instance& instance, const bus::Incoming& incoming);
  bool accept_data(Lane& lane, const bus::Incoming& incoming);
  static void breach(Instance& instance, bus::Breach what) noexcept;
  ReceivedBytes receive(Instance& instance, const bus::Incoming& incoming, ReadMode mode);

  // latching.cpp
  void greet(Inbox& inbox);
  static bool push_kept(const Target& target, const QueuedMessage& message) noexcept;

  // publish_batch.cpp, room.cpp, last_will_sending.cpp
  std::size_t fitting(const RouteEntry& entry, std::size_t wanted, bool urgent) noexcept;
  void deliver_batch(const RouteEntry& entry, const Target& target, std::span<Message> messages, Sent& sent) noexcept;
  std::size_t room(const Target& target, bus::Kind kind) noexcept;
  std::size_t least_room(const RouteEntry& entry, bus::Kind kind) noexcept;
  void send_first(const Target& target, Message& message, std::span<const std::byte> payload, Sent& sent);

  // forward.cpp
  void forward_request(Instance& from, const bus::Incoming& incoming);
  bool forward_publication(Instance& from, const bus::Incoming& incoming, const RouteEntry& entry, const Pick& pick);
  bool copy_for_targets(Instance& from, const bus::Incoming& incoming, const RouteEntry& entry, const Pick& pick);
  void copy_for_inboxes(Instance& from, const bus::Incoming& incoming, const RouteEntry& entry);
  void forward_reply(const InFlight& record, Instance& from, const bus::Incoming& incoming);
  void refuse_request(Instance& from, const bus::MessageHeader& request, const Error& why);
  std::optional<Message> carry(Instance& from, const bus::Incoming& incoming, InboundPool& to,
                               std::size_t hint_bytes = 0);

  // lead.cpp: who drains while threads wait
  bool wait(PendingCall& pending, std::int64_t deadline_ns, bus::Wait mode);
  bool lead(PendingCall& pending, std::int64_t deadline_ns, bus::Wait mode);
  void follow(PendingCall& pending, std::int64_t deadline_ns, bus::Wait mode);
  void promote_follower() noexcept;
  void lock_drain() noexcept;
  void unlock_drain() noexcept;
  void sleep_leading(std::chrono::nanoseconds timeout);
  void sleep_idle(std::chrono::nanoseconds timeout, const std::function<bool()>& is_due);
  void wake_idlers() noexcept;
  void wake_sleepers() noexcept;
  std::chrono::nanoseconds until_expiry(std::chrono::nanoseconds timeout) const noexcept;
  static void fence_in_every_thread() noexcept;

  Hub(PublishedTable& tables, HubListener& listener, std::unique_ptr<InboundPool> own_pool);

  PublishedTable& tables_;
  HubListener& listener_;
  InFlightTable in_flight_;
  std::unique_ptr<InboundPool> own_pool_;

  alignas(64) bus::SpinLock drain_lock_;
  std::atomic<int> wanted_{0};               // threads that want the drain lock from a leader
  std::atomic<std::uint32_t> wake_word_{0};  // what a sleeping leader waits on beside the lanes
  PendingCall* leader_ = nullptr;            // under drain_lock_: the call of the thread that drains
  std::vector<Lane> lanes_;                  // under drain_lock_: those of bridges last
  std::size_t near_lanes_ = 0;               // under drain_lock_: how many are no bridge's
  std::uint32_t passes_ = 0;                 // under drain_lock_: of threads that wait for a reply
  std::size_t first_lane_ = 0;               // under drain_lock_: where the last pass began
  std::vector<bus::Bell> bells_;             // under drain_lock_
  ReadArena::Owner arena_;                   // under drain_lock_
  std::vector<Copy> copies_;                 // under drain_lock_: of the publication in hand, for plugins
  std::vector<Parcel> parcels_;              // under drain_lock_: the same for subscriptions
  bool set_aside_ = false;                   // under drain_lock_: an inbox got something that idlers were not told of

  bus::SpinLock followers_lock_;
  std::vector<PendingCall*> followers_;      // that sleep; under followers_lock_
  int idlers_ = 0;                           // threads in sleep_idle(); under followers_lock_
  std::atomic<bool> has_followers_{false};   // or idlers
  std::atomic<std::uint32_t> idle_word_{0};  // what idlers sleep on
  std::atomic<bool> backlogged_{false};      // something may wait in an outlet, or to be told that it is cancelled
  std::atomic<bool> shut_{false};
  std::atomic<int> room_waiters_{0};  // callbacks that wait for room in a route

  AsyncCalls async_;
  std::atomic<int> sleepers_{0};  // threads that sleep, or are about to, and listen to more than their own call
  std::atomic<std::int64_t> expiry_ns_{INT64_MAX};  // no deadline of a call with a callback passes earlier
};

}  // namespace shunt::host
