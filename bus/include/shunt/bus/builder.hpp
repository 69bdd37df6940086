#pragma once
/// Builds one FlatBuffer where it will be read: in a small scratch buffer when it travels inside the message, in a
/// loaned chunk when it does not.
///
///     alignas(8) std::uint8_t scratch[kScratchBytes];
///     InPlaceBuilder builder({scratch, sizeof scratch}, chunks);
///     SHUNT_TRY(built, builder.build<market::Bar>([&](auto& build) { return market::CreateBar(build, ...); }, hint));
///     // built.sample is ours now: send built.bytes at built.offset of it, or chunks.give_back(built.sample)
///
/// Nothing is allocated on the heap unless a payload outgrows every chunk it was offered while it is being built.

#include <shunt/schemas/result.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include <flatbuffers/flatbuffers.h>

namespace shunt::bus {

/// Room for a payload of 192 bytes while it is built: FlatBuffers keeps 8 more per field of the table in hand.
inline constexpr std::size_t kScratchBytes = 512;
/// The largest payload that travels inside a message, in the memory of its ring slot.
inline constexpr std::size_t kInlinePayloadBytes = 192;

/// Of a payload that is a FlatBuffers struct itself, of one fixed size: there is no root to find and no offset to
/// check.
template <typename T>
inline constexpr bool kIsRaw = std::is_trivially_copyable_v<T> && !std::is_base_of_v<flatbuffers::Table, T>;

/// What `from` makes of a raw payload, all of whose bits are zero before: a value of it, or a function that writes it.
template <typename T, typename From>
void write_raw(T& payload, From& from) {
  static_assert(kIsRaw<T>);
  if constexpr (std::is_convertible_v<const From&, const T&>) {
    payload = static_cast<const T&>(from);
  } else {
    static_assert(std::is_invocable_v<From&, T&>,
                  "this topic or function carries a struct: give a value of it, or a function that gets a T& to write");
    from(payload);
  }
}

/// Memory to build in, aligned to 8 bytes and a multiple of 8 long.
struct Loan {
  std::uint8_t* data = nullptr;
  std::size_t capacity = 0;
  std::uint64_t handle = 0;  ///< Names the chunk to its source; 0: no chunk, the builder's own memory.
};

/// Where chunks come from. Called by the thread that builds.
class ChunkSource {
 public:
  /// A chunk of at least `bytes`, with a handle that is not 0. Errors: QuotaExceeded, TooLarge.
  virtual Result<Loan> loan(std::size_t bytes) = 0;
  /// Takes a loan back unsent. A builder has two at one time while it moves to larger memory, and gives the first back.
  virtual void give_back(const Loan& loan) noexcept = 0;

 protected:
  ~ChunkSource() = default;
};

enum class Payload : std::uint8_t {
  Auto,   ///< Inside the message while it fits there, else in a chunk.
  Chunk,  ///< In a chunk, however small.
};

/// What the last payload of a route needed, so that the next loan fits at once. Any thread may use it at any time: it
/// is advice, and its two words need not agree.
class SizeHint {
 public:
  [[nodiscard]] std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t slack() const { return slack_.load(std::memory_order_relaxed); }
  void remember(std::size_t bytes, std::size_t slack) {
    if (bytes != this->bytes()) bytes_.store(static_cast<std::uint32_t>(bytes), std::memory_order_relaxed);
    if (slack > this->slack()) slack_.store(static_cast<std::uint32_t>(slack), std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint32_t> bytes_{0};
  std::atomic<std::uint32_t> slack_{0};  ///< Beyond the payload, for what FlatBuffers keeps while it builds.
};

/// A finished payload: `bytes` at `offset` of `sample`, which belongs to whoever holds this. With handle 0 it fits
/// inside a message.
struct Built {
  Loan sample;
  std::size_t offset = 0;
  std::size_t bytes = 0;
};

/// One payload, once. Not to be moved; lives on the stack of the sender until the payload is sent, because a payload
/// with handle 0 is in its scratch buffer.
class InPlaceBuilder final : private flatbuffers::Allocator {
 public:
  /// `scratch` is aligned to 8 bytes and outlives the builder; empty: build in a chunk.
  InPlaceBuilder(std::span<std::uint8_t> scratch, ChunkSource& source) noexcept : scratch_(scratch), source_(source) {}
  InPlaceBuilder(const InPlaceBuilder&) = delete;
  InPlaceBuilder& operator=(const InPlaceBuilder&) = delete;

  /// `build` gets a flatbuffers::FlatBufferBuilder& and returns the Offset<Root> of what it made. What it throws goes
  /// through, after the loan was given back. Errors: QuotaExceeded (return samples first), TooLarge (no size class
  /// fits: change the pool). Flattened: FlatBuffers is many small functions, and half of the time goes into calling
  /// them where the compiler's own measure leaves them apart. Of a raw payload `build` is the value, or writes it.
  template <typename Root, typename Build>
  [[nodiscard, gnu::flatten]] Result<Built> build(Build&& build, SizeHint& hint, Payload payload = Payload::Auto) {
    if constexpr (kIsRaw<Root>) {
      return write<Root>(build, payload);
    } else {
      static_assert(
          std::is_same_v<std::invoke_result_t<Build&, flatbuffers::FlatBufferBuilder&>, flatbuffers::Offset<Root>>,
          "this builder makes another type than the manifest declares for this function or topic");
      SHUNT_CHECK(start(hint, payload));
      const GiveBackUnlessTaken guard{*this};
      flatbuffers::FlatBufferBuilder builder(memory_.capacity, this, false, kAlignment);
      const auto root = build(builder);
      builder.Align(kAlignment);  // a table of small members alone would end at an offset that no lane accepts
      builder.Finish(root);
      return finish(builder, hint);
    }
  }

 private:
  static constexpr std::size_t kAlignment = 8;

  template <typename Root, typename Build>
  Result<Built> write(Build& build, Payload payload) {
    constexpr std::size_t kBytes = (sizeof(Root) + kAlignment - 1) & ~(kAlignment - 1);
    static_assert(alignof(Root) <= kAlignment);
    if (payload == Payload::Auto && sizeof(Root) <= kInlinePayloadBytes && scratch_.size() >= kBytes) {
      memory_ = {scratch_.data(), scratch_.size(), 0};
    } else {
      SHUNT_TRY(loaned, source_.loan(kBytes));
      memory_ = loaned;
    }
    const GiveBackUnlessTaken guard{*this};
    write_raw(*new (memory_.data) Root{}, build);
    return Built{std::exchange(memory_, {}), 0, sizeof(Root)};
  }

  struct GiveBackUnlessTaken {
    InPlaceBuilder& builder;
    ~GiveBackUnlessTaken() { builder.drop(); }
  };

  struct Outgrown {
    Loan memory;
    std::unique_ptr<std::uint64_t[]> heap;
  };

  static std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) & ~(kAlignment - 1); }

  Status start(const SizeHint& hint, Payload payload) {
    const auto scratch_bytes = scratch_.size() & ~(kAlignment - 1);
    const Loan scratch{scratch_.data(), scratch_bytes, 0};
    const bool may_be_inside = payload == Payload::Auto && scratch_bytes != 0;
    if (may_be_inside && hint.bytes() <= kInlinePayloadBytes) {
      memory_ = scratch;
      return {};
    }
    const auto bytes = aligned(std::max(hint.bytes(), kAlignment));
    auto first = source_.loan(bytes + aligned(hint.slack()));
    if (!first && hint.slack() != 0) first = source_.loan(bytes);  // the slack alone may ask for too large a class
    // No chunk like the last one is left, but this payload may be smaller.
    if (!first && may_be_inside) first = scratch;
    if (!first) first = source_.loan(kAlignment);
    if (!first) return tl::make_unexpected(std::move(first).error());
    memory_ = *first;
    return {};
  }

  Result<Built> finish(const flatbuffers::FlatBufferBuilder& builder, SizeHint& hint) {
    const std::size_t bytes = builder.GetSize();
    // No chunk was large enough on the way, or scratch took what no message does: now the true size is known.
    if (memory_.handle == 0 && (heap_ || bytes > kInlinePayloadBytes)) {
      SHUNT_TRY(exact, source_.loan(aligned(bytes)));
      hint.remember(bytes, slack_seen_);
      std::memcpy(exact.data, builder.GetBufferPointer(), bytes);
      return Built{exact, 0, bytes};
    }
    hint.remember(bytes, slack_seen_);
    const auto offset = static_cast<std::size_t>(builder.GetBufferPointer() - memory_.data);
    return Built{std::exchange(memory_, {}), offset, bytes};
  }

  void drop() noexcept {
    if (memory_.handle != 0) source_.give_back(memory_);
    memory_ = {};
  }

  /// FlatBuffers builds from the end. Its memory is always the last `size` bytes of ours, so that growing within one
  /// chunk moves nothing but the few bytes it keeps at the front.
  std::uint8_t* last(std::size_t size) const { return memory_.data + memory_.capacity - size; }

  std::uint8_t* allocate(std::size_t size) override {
    if (size > memory_.capacity) release(replace(size, 0));
    return last(size);
  }

  std::uint8_t* reallocate_downward(std::uint8_t* old_memory, std::size_t, std::size_t new_size, std::size_t used_back,
                                    std::size_t used_front) override {
    slack_seen_ = std::max(slack_seen_, aligned(2 * used_front + 16));
    if (new_size <= memory_.capacity) {
      std::memmove(last(new_size), old_memory, used_front);
      return last(new_size);
    }
    const auto outgrown = replace(new_size, used_back);
    std::memcpy(last(new_size), old_memory, used_front);
    release(outgrown);
    return last(new_size);
  }

  void deallocate(std::uint8_t*, std::size_t) override {}  // memory_ and heap_ are released by their owners

  void release(const Outgrown& outgrown) const {
    if (outgrown.memory.handle != 0) source_.give_back(outgrown.memory);
  }

  /// Makes memory_ a larger one with the last `used_back` bytes of the old, which the caller releases.
  Outgrown replace(std::size_t size, std::size_t used_back) {
    auto larger = source_.loan(size);
    std::unique_ptr<std::uint64_t[]> heap;
    if (!larger) {
      heap = std::make_unique_for_overwrite<std::uint64_t[]>(size / sizeof(std::uint64_t));
      larger = Loan{reinterpret_cast<std::uint8_t*>(heap.get()), size, 0};
    }
    if (used_back != 0) std::memcpy(larger->data + larger->capacity - used_back, last(used_back), used_back);
    return {std::exchange(memory_, *larger), std::exchange(heap_, std::move(heap))};
  }

  std::span<std::uint8_t> scratch_;
  ChunkSource& source_;
  Loan memory_;                            ///< What is being built in; a handle of 0: scratch or heap.
  std::unique_ptr<std::uint64_t[]> heap_;  ///< Owns memory_ when no chunk was large enough.
  std::size_t slack_seen_ = 0;
};

}  // namespace shunt::bus
