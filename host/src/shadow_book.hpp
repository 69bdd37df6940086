#pragma once
/// What a version says that is tried as a shadow, beside what was really answered: replies are kept until both are
/// there, and compared.
///
///     pair = book.begin()     a request is going to be sent, and a copy of it to the shadow; null: none is free
///     pair->say(side, ...)    one of them is answered
///     pair->let_go()          by each of whoever holds it: who sends, and both requests while they are in flight
///
/// The last who lets go compares: the same status, and for a reply the same bytes. Such as differ in bytes may be the
/// same all the same, as FlatBuffers can be laid out in several ways: settle() asks that of them, on a thread that has
/// time. A pair that lacks a side, or whose reply is larger than there is room for, is not compared, and counted.
///
/// Everything was there before the first message: nothing is allocated for one.

#include <shunt/bus/spin.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace shunt::host {

class ShadowBook;
struct RouteInfo;

enum class ShadowSide : std::uint8_t { Real, Shadow };

class ShadowPair {
 public:
  static constexpr std::size_t kBytesMax = 4096;  ///< Of a reply that is compared.

  /// One of a side, by whoever holds the pair for it. `status` as in a reply's header.
  void say(ShadowSide side, std::uint16_t status, std::span<const std::byte> payload) noexcept {
    Said& said = said_[static_cast<std::size_t>(side)];
    said.status = status;
    said.bytes = payload.size();
    if (said.bytes <= kBytesMax && said.bytes > 0) std::memcpy(said.data.data(), payload.data(), said.bytes);
    said.is_there = true;
  }
  void hold() noexcept { holds_.fetch_add(1, std::memory_order_relaxed); }
  /// Release pairs with the acquire of whoever is last, and compares what the others said.
  inline void let_go() noexcept;

  [[nodiscard]] const RouteInfo& route() const noexcept { return *route_; }
  [[nodiscard]] std::span<const std::uint8_t> reply(ShadowSide side) const noexcept {
    const Said& said = said_[static_cast<std::size_t>(side)];
    return {reinterpret_cast<const std::uint8_t*>(said.data.data()), said.bytes};
  }

 private:
  friend class ShadowBook;
  struct Said {
    bool is_there = false;
    std::uint16_t status = 0;
    std::size_t bytes = 0;
    alignas(8) std::array<std::byte, kBytesMax> data;
  };

  ShadowBook* book_ = nullptr;
  const RouteInfo* route_ = nullptr;
  std::atomic<std::uint32_t> holds_{0};
  std::array<Said, 2> said_{};
};

class ShadowBook {
 public:
  static constexpr std::size_t kPairs = 128;  ///< In flight, or waiting for settle(); 1 MiB.

  /// `share` of 1,000 messages are for the shadow, too.
  explicit ShadowBook(std::uint32_t share) : share_(share), pairs_(kPairs) {
    free_.reserve(kPairs);
    unsettled_.reserve(kPairs);
    for (ShadowPair& pair : pairs_) {
      pair.book_ = this;
      free_.push_back(&pair);
    }
  }
  ShadowBook(const ShadowBook&) = delete;
  ShadowBook& operator=(const ShadowBook&) = delete;

  /// Whether the next message is one of these: of each thousand exactly so many, evenly. Any thread, as the rest.
  [[nodiscard]] bool admits() noexcept {
    const std::uint64_t number = messages_.fetch_add(1, std::memory_order_relaxed);
    return number * share_ / 1000 != (number + 1) * share_ / 1000;
  }
  /// Held once, by the caller. Null: all are in use.
  [[nodiscard]] ShadowPair* begin(const RouteInfo& route) noexcept {
    const std::lock_guard lock{lock_};
    if (free_.empty()) return ++counts_.not_compared, nullptr;
    ShadowPair& pair = *free_.back();
    free_.pop_back();
    pair.route_ = &route;
    for (ShadowPair::Said& said : pair.said_) said.is_there = false;
    pair.holds_.store(1, std::memory_order_relaxed);
    return &pair;
  }
  /// A copy was sent; or the shadow took no more, or was not there.
  void count_copy(bool sent) noexcept {
    const std::lock_guard lock{lock_};
    ++(sent ? counts_.copied : counts_.not_copied);
  }

  struct Counts {
    std::uint64_t copied = 0;
    std::uint64_t not_copied = 0;
    std::uint64_t compared = 0;
    std::uint64_t differences = 0;   ///< Of these.
    std::uint64_t not_compared = 0;  ///< A side has failed to answer, or there was no room for both.

    Counts& operator+=(const Counts& other) noexcept {
      copied += other.copied;
      not_copied += other.not_copied;
      compared += other.compared;
      differences += other.differences;
      not_compared += other.not_compared;
      return *this;
    }
  };
  [[nodiscard]] Counts counts() const noexcept {
    const std::lock_guard lock{lock_};
    return counts_;
  }

  /// `is_same(const ShadowPair&) -> bool` of those whose bytes differ. For one thread.
  template <typename IsSame>
  void settle(IsSame&& is_same) {
    std::vector<ShadowPair*> differ;
    {
      const std::lock_guard lock{lock_};
      differ.assign(unsettled_.begin(), unsettled_.end());
      unsettled_.clear();
    }
    for (ShadowPair* const pair : differ) {
      const bool same = is_same(std::as_const(*pair));
      const std::lock_guard lock{lock_};
      count(same);
      free_.push_back(pair);
    }
  }
  /// Whether no pair is held. Then nothing leads to it any more but who owns it.
  [[nodiscard]] bool is_idle() const noexcept {
    const std::lock_guard lock{lock_};
    return free_.size() + unsettled_.size() == kPairs;
  }

 private:
  friend class ShadowPair;

  void count(bool same) noexcept {
    ++counts_.compared;
    counts_.differences += same ? 0 : 1;
  }
  void finish(ShadowPair& pair) noexcept {
    const auto& [real, shadow] = pair.said_;
    const bool can_be = real.is_there && shadow.is_there && real.bytes <= ShadowPair::kBytesMax &&
                        shadow.bytes <= ShadowPair::kBytesMax;
    const bool both_replied = can_be && real.status == 0 && shadow.status == 0;
    const bool same_bytes = both_replied && real.bytes == shadow.bytes &&
                            std::equal(real.data.begin(), real.data.begin() + real.bytes, shadow.data.begin());
    const std::lock_guard lock{lock_};
    if (both_replied && !same_bytes) return unsettled_.push_back(&pair);
    if (can_be) count(real.status == shadow.status);
    else ++counts_.not_compared;
    free_.push_back(&pair);
  }

  const std::uint32_t share_;
  std::atomic<std::uint64_t> messages_{0};
  std::vector<ShadowPair> pairs_;
  mutable bus::SpinLock lock_;
  std::vector<ShadowPair*> free_;  // under lock_, with room for all, as the next
  std::vector<ShadowPair*> unsettled_;
  Counts counts_;  // likewise
};

inline void ShadowPair::let_go() noexcept {
  if (holds_.fetch_sub(1, std::memory_order_acq_rel) == 1) book_->finish(*this);
}

}  // namespace shunt::host
