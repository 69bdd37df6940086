#pragma once
/// One running process of a plugin's version, as the data path sees it: its lane, and the locks that are ours alone.

#include "epoch.hpp"
#include "escaped.hpp"
#include "inbound_pool.hpp"
#include "split.hpp"
#include "symbols.hpp"
#include "urgent_in_flight.hpp"

#include <shunt/bus/lane.hpp>
#include <shunt/schemas/hints.hpp>
#include <shunt/schemas/ids.hpp>
#include <shunt/schemas/version.hpp>
#include <shunt/schemas/version_range.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shunt::host {

enum class Pushed : std::uint8_t { Yes, NoRoom, AtCap, Closed, Withdrawn };

class Latch;
struct Message;

/// What an instance may do with a route, and what may be done with what it was sent on it: from its manifest.
struct Permitted {
  bool call = false;
  bool publish = false;
  bool repeat = false;     ///< Idempotent: what it had begun may be sent again after its death.
  Latch* latch = nullptr;  ///< Of a topic that it publishes and that keeps its last publications.
};

/// The version that a plugin wants of what it calls, and which of the seats that serve will do.
struct Wanted {
  VersionRange versions;
  std::string text;  ///< "^1.2", as its manifest says it.
  struct Fits {
    std::uint64_t table = 0;  ///< Number of the table for which it holds.
    Split::Places places = 0;
  };
  Fits now{};     ///< Of what the route leads to,
  Fits before{};  ///< and of what it led to before.
};

class Instance : public std::enable_shared_from_this<Instance> {
 public:
  struct Identity {
    InstanceId id;
    std::string plugin;
    Version version;
    bool trusted = false;                    ///< Signed or listed: large payloads are read in place.
    std::shared_ptr<const Symbols> symbols;  ///< Of the plugin's object; may be null.
  };

  Instance(Identity who, std::unique_ptr<bus::LaneEnd> lane_end, std::shared_ptr<InboundPool> inbound)
      : identity(std::move(who)), lane(std::move(lane_end)), pool(std::move(inbound)) {}

  const Identity identity;
  const std::unique_ptr<bus::LaneEnd> lane;
  const std::shared_ptr<InboundPool> pool;
  /// By RouteId; written before the lane is published.
  std::vector<Permitted> permitted;
  /// By RouteId, of calls that want a version; once the lane is published, only whoever drains touches it.
  std::map<std::uint32_t, Wanted> wanted;
  [[nodiscard]] Permitted permission(std::uint32_t route) const noexcept {
    return route < permitted.size() ? permitted[route] : Permitted{};
  }
  /// Whether the plugin rings for a thread of ours that sleeps. Written before the lane is published.
  bool rings = true;
  /// False: of what it publishes it gets nothing back. Written before the lane is published.
  bool hears_itself = true;
  /// It is warm: nothing of what it sends by itself goes on. Relaxed: it is cleared before the table is published by
  /// which its first message comes, and whoever takes what follows from that has happened after it.
  std::atomic<bool> muted{false};
  std::atomic<bool> is_shadow{false};  ///< It gets copies, and is muted for as long as it lives. Relaxed likewise.

  /// Sends one message and rings. A chunk payload is held by the lane from then on. Publications leave an eighth of the
  /// ring, and of the chunks that the plugin may hold, to requests. `prepare(MessageHeader&) -> bool` runs under the
  /// lock when everything fits: the last word. It, and we, change the header where it stands: a copy of what was just
  /// written in small stores has to wait for them.
  template <typename Prepare>
  Pushed push(bus::Ring ring, bus::MessageHeader& header, std::span<const std::byte> content,
              Prepare&& prepare) noexcept;  // send.cpp, where every message is sent from
  /// The same on the ring that overtakes a backlog of data: replies and cancellations.
  Pushed push_reply(bus::MessageHeader& header, std::span<const std::byte> content) noexcept;
  /// The same for a publication that is urgent. NoRoom also while the plugin has not done as many as there may be.
  Pushed push_urgent(bus::MessageHeader& header, std::span<const std::byte> content) noexcept;
  /// The first of `messages` on the data ring, as far as they fit, with one wake-up; how many (publish_batch.cpp).
  std::size_t push_batch(std::span<Message> messages) noexcept;
  /// How many publications, or requests, the data ring takes now (room.cpp).
  [[nodiscard]] std::uint32_t room(bus::Kind kind) noexcept;
  /// Whether push_urgent() would have room for one more.
  [[nodiscard]] bool has_urgent_room() noexcept;

  /// Tells the plugin that nobody waits any more for the request that stands at `position` of its data ring. Leaves
  /// half of the ring to replies, which nobody sends twice.
  Pushed push_cancel(RouteId route, std::uint64_t correlation, std::uint64_t position) noexcept;

  /// In which epoch begins what is sent to it from now on, and what it calls unasked. Of the control thread.
  void set_epoch(Epoch epoch) noexcept {
    const std::lock_guard lock{send_lock_};
    epoch_.store(epoch, std::memory_order_relaxed);
  }
  /// Relaxed: who sends to it reads it under the lane's lock, and what it calls unasked is ordered by nothing.
  [[nodiscard]] Epoch epoch() const noexcept { return epoch_.load(std::memory_order_relaxed); }
  /// The one in which a publication was sent to it that it is handling; of one that is long done, that of now.
  [[nodiscard]] Epoch epoch_of(std::uint64_t token) noexcept;

  /// Of a publication that it handles; none where its slot was written again (hinted_sending.cpp).
  [[nodiscard]] Hints hints_of(std::uint64_t token) noexcept;

  /// Where the next message of the data ring will stand. Under the lane's lock: in the `prepare` of a push().
  [[nodiscard]] std::uint64_t next_position() const noexcept { return lane->sender.ring_out(bus::Ring::Data).sent(); }

  /// Takes back what the plugin has returned.
  void harvest() noexcept {
    const std::lock_guard lock{send_lock_};
    harvest_locked();
  }

  /// Gives a chunk of the plugin's pool back to it; from any thread.
  void give_back(bus::ChunkId chunk, std::uint32_t generation) noexcept {
    const std::lock_guard lock{return_lock_};
    lane->receiver.give_back(chunk, generation);
  }

  /// From now on push() says Closed. Afterwards the ring's content is final.
  void close() noexcept {
    const std::lock_guard lock{send_lock_};
    closed_ = true;
  }

  /// Whether everything that was sent on the data ring is done, by the plugin's marks as they were checked.
  [[nodiscard]] bool idle() noexcept {
    const std::lock_guard lock{send_lock_};
    const std::uint64_t done = lane->sender.marks(bus::Ring::Data).done;
    note_breach();
    look_at_urgent();
    return done == lane->sender.ring_out(bus::Ring::Data).sent() && urgent_.all().empty();
  }

  struct Progress {
    // Of the ring of data, in positions.
    std::uint64_t sent = 0;
    std::uint64_t done = 0;         ///< By its marks.
    std::uint64_t freed = 0;        ///< By its read position: what it is done with and has given the slots back of.
    std::uint64_t heard = 0;        ///< Publications before this position are done.
    std::uint64_t done_behind = 0;  ///< Those that are done before the one at `done`.
    std::uint32_t deferred = 0;     ///< Requests whose answers come after their handlers.
    std::uint64_t left = 0;  ///< Messages whose handlers it has left, one way or the other, as far as it is believed.
    std::uint64_t work = 0;  ///< Those that it has to do something about now: in a handler, or next.
    bool first_deferred = false;  ///< The one at `done` has its handler behind it, and its answer comes later.
    // Of urgent publications, in the other ring.
    std::uint64_t urgent_sent = 0;
    std::uint64_t urgent_done = 0;
    std::uint32_t held_chunks = 0;
    std::uint64_t returned_chunks = 0;  ///< Ever, as far as was harvested.

    [[nodiscard]] std::uint64_t all_sent() const noexcept { return sent + urgent_sent; }
    [[nodiscard]] std::uint64_t all_done() const noexcept { return done + done_behind + urgent_done; }
    [[nodiscard]] std::uint64_t all_freed() const noexcept { return freed + urgent_done; }
    [[nodiscard]] std::uint64_t all_left() const noexcept { return left + urgent_done; }
    [[nodiscard]] std::uint64_t all_work() const noexcept { return work + urgent_sent - urgent_done; }
    /// Whether all is done that was published to it up to `then`.
    [[nodiscard]] bool is_through(const Progress& then) const noexcept {
      return heard >= then.sent && urgent_done >= then.urgent_sent;
    }
  };
  [[nodiscard]] Progress progress() noexcept {
    const std::lock_guard lock{send_lock_};
    const auto marks = lane->sender.marks(bus::Ring::Data);
    auto& out = lane->sender.ring_out(bus::Ring::Data);
    out.refresh();
    note_breach();
    look_at_urgent();
    Progress progress{.sent = out.sent(), .done = marks.done, .freed = std::min(marks.done, out.read_seen())};
    look_at_standings(progress);
    progress.urgent_sent = urgent_.ever();
    progress.urgent_done = urgent_.done();
    progress.held_chunks = lane->sender.held();
    progress.returned_chunks = returned_;
    return progress;
  }

  /// It was to get a chunk, and holds as many of that class as it may: the message waits, or its sender heard so.
  void count_over_cap(bus::ChunkId chunk) noexcept {
    const std::lock_guard lock{send_lock_};
    ++over_cap_[chunk.size_class()];
  }
  /// What it holds of its compartment's pool, of one size class, and may hold.
  struct Holding {
    std::uint32_t held = 0;
    std::uint32_t cap = 0;
    std::uint64_t over_cap = 0;  ///< Messages that came while it was at its cap.
  };
  [[nodiscard]] Holding holding(std::uint32_t size_class) noexcept {
    const std::lock_guard lock{send_lock_};
    return {lane->sender.held(size_class), lane->sender.cap(size_class), over_cap_[size_class]};
  }

  /// The urgent publications that it has not done: `visit(const UrgentInFlight::Sent&, bool begun)`, oldest first.
  template <typename Visit>
  void for_each_urgent(Visit&& visit) {
    const std::lock_guard lock{send_lock_};
    look_at_urgent();
    const bool credible = lane->sender.breach() == bus::Breach::None;
    const std::uint64_t begun = lane->sender.marks(bus::Ring::Reply).begun;
    for (const auto& each : urgent_.all()) visit(each, !credible || each.position < begun);
  }

  /// The sending half, under its lock. For delivery after a death.
  template <typename Use>
  auto with_sender(Use&& use) {
    const std::lock_guard lock{send_lock_};
    return use(lane->sender);
  }

  /// Whether `token` names a publication that was sent on this lane, and whether its slot still stands.
  enum class Token : std::uint8_t { Unknown, Known, Past };
  [[nodiscard]] Token publication(std::uint64_t token) noexcept;

  /// Whether what the plugin handles as `parent` was sent to it marked as redelivered: what follows from it may have
  /// been sent by an earlier instance.
  [[nodiscard]] bool follows_redelivered(std::uint64_t parent) noexcept {
    if (!any_redelivered_.load(std::memory_order_relaxed)) return false;
    const std::lock_guard lock{send_lock_};
    return std::ranges::find(redelivered_, parent) != redelivered_.end();
  }

  /// A publication's correlation says where it stands in the ring; the top bit keeps it apart from requests.
  static constexpr std::uint64_t kPublicationBit = 1ull << 63;
  static constexpr std::uint64_t publication_token(std::uint64_t position) { return kPublicationBit | position; }
  /// The next bit: of an urgent one, whose position is in the other ring.
  static constexpr std::uint64_t kUrgentBit = 1ull << 62;

  /// The process is dead and was waited for: nothing it asked for matters any more.
  std::atomic<bool> reaped{false};
  /// Set by whoever finds that the plugin broke the contract. Whoever drains next tells the control thread, which ends
  /// it.
  std::atomic<bus::Breach> breached{bus::Breach::None};

  /// The last chunk that it was to get was one too many.
  std::atomic<bool> at_cap{false};
  /// The watchdog looks at it: set by whoever sends to it, cleared by the control thread when it has been idle.
  std::atomic<bool> suspected{false};

  /// What the plugin said and its backtrace, for people. Cut and escaped, because the plugin may have said anything: it
  /// costs the one who reads it time and memory, and could look like what others say.
  template <typename Frames>
  [[nodiscard]] std::string account(std::string_view said, const Frames& frames) const {
    std::string text = escaped(said, kSaidBytesMax);
    const std::size_t count = std::min<std::size_t>(frames.size(), kFramesMax);
    for (std::size_t i = 0; i < count && text.size() < kAccountBytesMax; ++i)
      text += "\n  at " + describe_frame(frames[i], FrameKind::Return);
    if (text.size() > kAccountBytesMax) text.resize(kAccountBytesMax);  // its symbols have any length, too
    return text;
  }
  /// One line of a backtrace, for people: "follower::Follower::judge(...) +0x1f".
  [[nodiscard]] std::string describe_frame(std::uint64_t frame, FrameKind kind) const {
    return identity.symbols == nullptr ? fmt::format("+{:#x}", frame) : identity.symbols->describe(frame, kind);
  }

  // Counters for `shunt ls`: each written by the one thread that drains.
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> copied{0};
  std::atomic<std::uint64_t> exceptions{0};
  std::atomic<std::uint64_t> unheard{0};  ///< Of what it sent while it was muted.

  static constexpr std::size_t kSaidBytesMax = 4096;  ///< As much as the kit sends.
  static constexpr std::size_t kFramesMax = 64;       ///< Likewise.
  static constexpr std::size_t kAccountBytesMax = 16u << 10;

 private:
  static constexpr std::uint32_t kRepliesBeyondCap = 4;
  static constexpr std::uint32_t kHarvestAt = 16;  ///< Chunks out: enough of them share a line of the return ring.

  /// The kit steps over half of the ring at most before it gives slots back. Who keeps more is not believed.
  void look_at_standings(Progress& progress) const noexcept {
    const bus::LaneSender& sender = lane->sender;
    const bus::RingWriter& out = sender.ring_out(bus::Ring::Data);
    const std::uint64_t believed = std::min(progress.sent, progress.freed + out.slots() / 2);
    const std::uint64_t end = std::min(progress.sent, progress.done + out.slots());
    std::uint64_t waiting = 0;
    bool heard_all = true;
    progress.heard = progress.done;
    for (std::uint64_t position = progress.done; position < end && (heard_all || position < believed); ++position) {
      const bool request = out.slot(position).header.kind == bus::Kind::Request;
      const auto standing = position < believed ? sender.standing(position) : bus::Standing::AsMarked;
      const bool deferred = standing == bus::Standing::Deferred && request;
      if (deferred) ++progress.deferred;
      if (standing == bus::Standing::Done) ++progress.done_behind;
      if (standing == bus::Standing::Waiting) ++waiting;
      if (position == progress.done) progress.first_deferred = deferred;
      heard_all = heard_all && (request || standing == bus::Standing::Done);
      if (heard_all) progress.heard = position + 1;
    }
    progress.left = progress.freed + progress.done_behind + progress.deferred;
    progress.work = progress.sent - progress.left - waiting;
  }
  /// Under the lane's lock, of a publication that is about to be sent.
  void mark_epoch(bus::MessageHeader& header) const noexcept {
    header.flags = static_cast<std::uint8_t>((header.flags & ~bus::flag::kEpoch) |
                                             (epoch() == Epoch::Odd ? bus::flag::kEpoch : 0));
  }
  /// Relaxed: the plugin has been sent the message after this, and what it calls for it comes later still.
  void note_hinted(const bus::MessageHeader& header) noexcept {
    if (bus::hint_bytes_of(header) != 0 && header.kind == bus::Kind::Publication) [[unlikely]]
      any_hinted_.store(true, std::memory_order_relaxed);
  }
  /// A dead instance leaves one or two that it had begun: the list stays short. Relaxed: the plugin has been sent the
  /// message after this, and what it sends for it comes later still.
  void note_redelivered(std::uint64_t correlation) noexcept {
    redelivered_.push_back(correlation);
    any_redelivered_.store(true, std::memory_order_relaxed);
  }
  /// A backlog of data cannot keep a reply out: the plugin would wait for it to its deadline, and take no data
  /// meanwhile.
  bool may_hold(bus::ChunkId chunk, bus::Ring ring, bus::Kind kind) noexcept {
    const auto may = [&] {
      if (kind == bus::Kind::Publication) return lane->sender.under_most_of_cap(chunk);
      return lane->sender.under_cap(chunk, ring == bus::Ring::Reply ? kRepliesBeyondCap : 0);
    };
    if (may()) return true;
    harvest_locked();
    return may();
  }
  void look_at_urgent() noexcept {
    if (urgent_.all().empty()) return;
    urgent_.forget(lane->sender.marks(bus::Ring::Reply).done);
    note_breach();
  }
  void harvest_locked() noexcept {
    lane->sender.harvest([this](bus::ChunkId chunk) {
      ++returned_;
      pool->release(chunk);
    });
    note_breach();
  }
  void note_breach() noexcept {
    if (const auto broken = lane->sender.breach(); broken != bus::Breach::None)
      breached.store(broken, std::memory_order_relaxed);
  }

  bus::SpinLock send_lock_;
  bool closed_ = false;                     // under send_lock_
  std::atomic<Epoch> epoch_{Epoch::Even};   // written under send_lock_
  std::uint64_t returned_ = 0;              // under send_lock_: chunks harvested
  std::vector<std::uint64_t> redelivered_;  // under send_lock_: correlations
  std::atomic<bool> any_redelivered_{false};
  std::atomic<bool> any_hinted_{false};
  bus::SpinLock return_lock_;
  std::array<std::uint64_t, bus::kClassesMax> over_cap_{};  // under send_lock_; far from what each message touches
  UrgentInFlight urgent_;                                   // likewise
};

inline Epoch Instance::epoch_of(std::uint64_t token) noexcept {
  const std::lock_guard lock{send_lock_};
  const auto of = [](const bus::MessageHeader& header) {
    return (header.flags & bus::flag::kEpoch) != 0 ? Epoch::Odd : Epoch::Even;
  };
  if ((token & kUrgentBit) != 0) {
    const auto is_it = [&](const UrgentInFlight::Sent& each) { return each.header.correlation == token; };
    const auto found = std::ranges::find_if(urgent_.all(), is_it);
    return found == urgent_.all().end() ? epoch() : of(found->header);
  }
  const auto& out = lane->sender.ring_out(bus::Ring::Data);
  const bus::MessageHeader& header = out.slot(token & ~kPublicationBit).header;
  return header.correlation == token ? of(header) : epoch();
}

inline Instance::Token Instance::publication(std::uint64_t token) noexcept {
  const std::lock_guard lock{send_lock_};
  if ((token & kUrgentBit) != 0) {
    const auto is_it = [&](const UrgentInFlight::Sent& each) { return each.header.correlation == token; };
    if (std::ranges::any_of(urgent_.all(), is_it)) return Token::Known;
    const std::uint64_t sent = lane->sender.ring_out(bus::Ring::Reply).sent();
    return (token & ~(kPublicationBit | kUrgentBit)) < sent ? Token::Past : Token::Unknown;
  }
  const auto& out = lane->sender.ring_out(bus::Ring::Data);
  const std::uint64_t position = token & ~kPublicationBit;
  if (position >= out.sent()) return Token::Unknown;
  if (out.sent() - position > out.slots()) return Token::Past;
  const bus::MessageHeader& header = out.slot(position).header;
  return header.kind == bus::Kind::Publication && header.correlation == token ? Token::Known : Token::Unknown;
}

}  // namespace shunt::host
