#pragma once
/// Layout v2 of a lane: what lies where in each side's memory, and who writes it.
///
/// A lane has two sides of the same shape, one written by the host and one by the plugin. Nobody writes the other's.
///
///        0 | SideHeader                  | once, when the lane is made
///       64 | Positions                   | reading half: how far the owner has read the peer's rings, begun, done
///      128 | Doorbell                    | rung for the peer; the owner's own "I am going to sleep"
///      192 | Statistics                  | the owner's own counters
///      256 | PoolStatistics              | the owner's own counters of its pool
///      384 | CrashNote (plugin side)     | signal or terminate handler, once
///     1408 | return ring                 | chunks given back to the peer, 8 bytes each
///      ... | ring 0: data                | slots
///      ... | ring 1: reply and urgent    | slots
///      ... | standings                   | a byte for each slot of the peer's ring of data
///
/// Invariants: 0 <= committed - read <= slots; done <= begun <= committed. Of ring 0: read <= done, and a message from
/// done to begun is in its handler, unless its standing says another thing: they end in another order than they came
/// where an answer is deferred or several threads run handlers. Of ring 1 the marks tell of urgent publications alone,
/// which may wait for their handler after their slots were freed.

#include <shunt/bus/geometry.hpp>
#include <shunt/bus/message.hpp>
#include <shunt/schemas/result.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace shunt::bus {

inline constexpr std::uint32_t kMagic = 0x53484e54;  // "SHNT"
inline constexpr std::uint16_t kLayoutVersion = 2;
inline constexpr std::size_t kCacheLine = 64;
inline constexpr std::size_t kSlotBytes = 256;
inline constexpr std::size_t kInlineBytesMax = kSlotBytes - kCacheLine;  // 192
inline constexpr std::size_t kRings = 2;
inline constexpr std::uint32_t kSlotsMin = 16;     ///< Of one ring.
inline constexpr std::uint32_t kSlotsMax = 65536;  ///< Of one ring.
inline constexpr std::size_t kUrgentMax = 8;       ///< Urgent publications that one instance has not done.

/// Which of a side's rings. Replies and urgent messages overtake a backlog of data.
enum class Ring : std::uint8_t { Data = 0, Reply = 1 };

/// What check_side() compares. Written once, before anybody else has the memory.
struct SideHeader {
  std::uint32_t magic = kMagic;
  std::uint16_t layout = kLayoutVersion;
  std::uint16_t rings = kRings;
  std::uint32_t slot_bytes = kSlotBytes;
  std::uint32_t slots = 0;         ///< Per ring; a power of two.
  std::uint32_t return_slots = 0;  ///< At least as many as chunks the owner may hold of the peer; a power of two.
  std::uint32_t reserved = 0;
  std::uint64_t side_bytes = 0;  ///< Of this whole side.
};

/// All words of the owner's reading half in one line: it is written three times a message by one core and read by the
/// peer once a lap (room) and after a death (marks), so it stays in the owner's cache.
struct alignas(kCacheLine) Positions {
  std::array<std::atomic<std::uint64_t>, kRings> read{};   ///< Slots below it may be written again.
  std::array<std::atomic<std::uint64_t>, kRings> begun{};  ///< Handler entered for slots below it.
  std::array<std::atomic<std::uint64_t>, kRings> done{};   ///< Handler left for slots below it.
};

struct alignas(kCacheLine) Doorbell {
  std::atomic<std::uint32_t> rung{0};    ///< Counts; the peer sleeps on it (through its read-only mapping).
  std::atomic<std::uint32_t> asleep{0};  ///< 1 while the owner sleeps, or is about to, on the peer's `rung`.
};

/// Since the instance started; for people, nothing hangs on them.
struct alignas(kCacheLine) Statistics {
  std::atomic<std::uint64_t> handled{0};  ///< Handlers that were left, however.
  std::atomic<std::uint64_t> failed{0};   ///< Of these, by an error or an exception.
  std::atomic<std::uint64_t> expired{0};  ///< Dropped before the handler because the deadline had passed.
};

/// What the owner says of its own pool, by size class; for people, nothing hangs on it. A plugin's is its quota.
struct alignas(kCacheLine) PoolStatistics {
  std::array<std::atomic<std::uint32_t>, kClassesMax> loaned{};  ///< Chunks that its code writes now.
  std::array<std::atomic<std::uint32_t>, kClassesMax>
      refused{};  ///< Loans for which no chunk was left, since it started.
};

/// Written by the plugin process as it ends, read by the host after it was reaped: its own word, all of it. Frames are
/// offsets into the plugin's object; bit 63 set: elsewhere.
struct alignas(kCacheLine) CrashNote {
  static constexpr std::size_t kFramesMax = 64;
  static constexpr std::size_t kThrownFramesMax = 24;
  std::atomic<std::uint32_t> signal{0};  ///< 0: the signal handler has written nothing.
  std::uint32_t frame_count = 0;
  std::uint64_t address = 0;                       ///< si_addr
  std::array<std::uint64_t, kFramesMax> frames{};  ///< Of where the signal struck.
  std::int32_t code = 0;                           ///< si_code; above 0 the kernel sent it, and `address` counts.
  std::array<char, 16> thread{};                   ///< Its name, zero-filled, as the texts below.

  std::atomic<std::uint32_t> terminated{0};              ///< 1: std::terminate was called, and this is valid:
  std::uint32_t thrown_count = 0;                        ///< 0: nothing was thrown, or nobody noted where.
  std::array<std::uint64_t, kThrownFramesMax> thrown{};  ///< Of the throw.
  std::array<char, 64> type{};                           ///< The exception's, mangled; empty: nothing was thrown.
  std::array<char, 192> what{};                          ///< What it says; empty: it is no std::exception.
};

/// How a message of the peer's ring of data stands that is not done by the positions. Its byte says AsMarked again
/// before the slot is freed.
enum class Standing : std::uint8_t {
  AsMarked = 0,  ///< In its handler below `begun`, and waiting from there on.
  Waiting = 1,   ///< Stepped over: its handler is not entered yet.
  Deferred = 2,  ///< Its handler is left, and its answer comes later.
  Done = 3,      ///< Before what stands in front of it.
};

/// The sender writes payload and header, then `commit`; the receiver writes nothing here.
struct Slot {
  std::atomic<std::uint64_t> commit{0};  ///< Position + 1 of the message that is readable here.
  MessageHeader header;
  std::array<std::byte, kInlineBytesMax> payload;
};

/// The fixed part of a side's memory; the rings follow it.
struct Side {
  SideHeader header;
  Positions positions;
  Doorbell doorbell;
  Statistics statistics;
  PoolStatistics pool;
  CrashNote crash;
};

inline constexpr std::size_t kReturnRingOffset = 1408;

static_assert(sizeof(Slot) == kSlotBytes && offsetof(Slot, payload) == kCacheLine);
static_assert(offsetof(Side, positions) == 64 && offsetof(Side, doorbell) == 128);
static_assert(offsetof(Side, statistics) == 192 && offsetof(Side, pool) == 256);
static_assert(offsetof(Side, crash) == 384 && sizeof(Side) <= kReturnRingOffset);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint8_t>::is_always_lock_free);

/// The numbers from which every offset of a side follows.
struct SideShape {
  std::uint32_t slots = 256;
  std::uint32_t return_slots = 512;

  /// `slots`: a power of two, kSlotsMin .. kSlotsMax. `chunks_of_peer`: all chunks that the owner may hold of the
  /// peer's pool; the return ring has the next power of two. Errors: BadConfiguration, naming the number and its range.
  [[nodiscard]] static Result<SideShape> of(std::uint32_t slots, std::uint32_t chunks_of_peer);

  /// Of the ring's first slot, from the start of the side.
  [[nodiscard]] std::size_t ring_offset(Ring ring) const;
  /// Of the bytes of Standing, from the start of the side; a multiple of a cache line.
  [[nodiscard]] std::size_t standings_offset() const;
  /// Of the whole side.
  [[nodiscard]] std::size_t bytes() const;
  friend bool operator==(const SideShape&, const SideShape&) = default;
};

/// Writes the header of a fresh, zero-filled side.
void format_side(std::byte* memory, const SideShape& shape);

/// Compares a side's header with what was agreed, on a private copy.
/// Errors: LayoutMismatch naming both versions or the field that differs.
[[nodiscard]] Status check_side(const std::byte* memory, std::size_t bytes, const SideShape& shape);

/// The parts of a mapped side.
struct SideView {
  Side* fixed = nullptr;
  std::atomic<std::uint64_t>* returns = nullptr;
  std::array<Slot*, kRings> rings{};
  std::atomic<std::uint8_t>* standings = nullptr;  ///< By the slot of the peer's ring of data: a Standing each.
  SideShape shape;

  /// `memory` is aligned to a cache line, has shape.bytes() and outlives the view. Reads nothing of it.
  [[nodiscard]] static SideView of(std::byte* memory, const SideShape& shape);
};

}  // namespace shunt::bus
