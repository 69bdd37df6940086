#pragma once
/// What a latched topic keeps for those who come late: its last publications, in memory of the host's own.
///
/// Its lock is the turn to publish on the topic. A publisher has it from its look at the route table to the last of its
/// receivers, and whoever lets somebody in has it from what the newcomer is given to the exchange of the table. So a
/// newcomer gets from here what was published before it came, and from their publishers all that comes after: nothing
/// twice, nothing not at all, everything in its order. Whoever waits for it sleeps: payloads are copied meanwhile.

#include <shunt/schemas/assert.hpp>

#include <algorithm>
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

class Latch {
 public:
  struct About {
    std::uint64_t key = 0;
    std::uint8_t flags = 0;
    bool from_host = false;      ///< Of the host itself, whose own subscriptions do not hear it.
    bool from_bridge = false;    ///< Of the topic's bridge, which does not hear it either.
    std::int64_t origin_ns = 0;  ///< 0: nobody said.
  };
  /// One publication.
  struct Kept {
    std::uint64_t sequence = 0;  ///< Counts the topic's publications from 1, without gaps.
    About about{};
    std::span<const std::byte> payload{};
  };

  /// Keeps the `last` (1 or more) publications of up to `payload_bytes`.
  Latch(std::uint32_t last, std::size_t payload_bytes)
      : stride_(rounded(payload_bytes)), memory_(new std::byte[last * stride_]), kept_(last) {}

  /// What one takes of the host's private memory. Pages that no payload has reached are not there.
  [[nodiscard]] static constexpr std::size_t bytes(std::uint32_t last, std::size_t payload_bytes) noexcept {
    return last * (rounded(payload_bytes) + sizeof(Kept));
  }

  /// The turn of one thread; of nobody where there is no latch.
  class Turn {
   public:
    explicit Turn(Latch* latch) noexcept : latch_(latch) {
      if (latch_ != nullptr) latch_->lock_.lock();
    }
    Turn(Turn&& other) noexcept : latch_(std::exchange(other.latch_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (latch_ != nullptr) latch_->lock_.unlock();
    }

   private:
    Latch* latch_;
  };

  // ---- In one's turn.

  /// The number of the next publication.
  [[nodiscard]] std::uint64_t next() const noexcept { return sent_ + 1; }

  /// Copies what was just sent, as number next(); its payload is none larger than was said.
  void keep(const About& about, std::span<const std::byte> payload) noexcept {
    SHUNT_ASSERT(payload.size() <= stride_);
    const std::size_t place = sent_ % kept_.size();
    std::byte* const to = memory_.get() + place * stride_;
    if (!payload.empty()) std::memcpy(to, payload.data(), payload.size());
    kept_[place] = {++sent_, about, {to, payload.size()}};
    count_.store(static_cast<std::uint32_t>(std::min<std::uint64_t>(sent_, kept_.size())), std::memory_order_relaxed);
  }

  /// Oldest first.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (std::uint64_t sequence = oldest(); sequence <= sent_; ++sequence) visit(kept_[(sequence - 1) % kept_.size()]);
  }
  /// The number of the oldest; that of the next where there is none.
  [[nodiscard]] std::uint64_t oldest() const noexcept { return sent_ + 1 - count(); }

  // ---- Any time.

  [[nodiscard]] std::uint32_t count() const noexcept { return count_.load(std::memory_order_relaxed); }

 private:
  /// Payloads start on a cache line.
  static constexpr std::size_t rounded(std::size_t bytes) noexcept { return (bytes + 63) / 64 * 64; }

  std::mutex lock_;
  std::size_t stride_;
  std::unique_ptr<std::byte[]> memory_;  // not set to anything: what is never used is never there
  std::vector<Kept> kept_;               // number n is at (n - 1) % last
  std::uint64_t sent_ = 0;
  std::atomic<std::uint32_t> count_{0};
};

}  // namespace shunt::host
