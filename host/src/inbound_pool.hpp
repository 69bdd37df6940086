#pragma once
/// The host's pool towards one compartment: any host thread loans from it, and every lane of the compartment reads it.

#include <shunt/bus/clock.hpp>
#include <shunt/bus/memory.hpp>
#include <shunt/bus/pool.hpp>
#include <shunt/bus/spin.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

namespace shunt::host {

class InboundPool {
 public:
  /// What create() makes, and nothing beside that.
  [[nodiscard]] static bus::Region memory(const bus::PoolGeometry& geometry) {
    return {"shunt: inbound pool", geometry.bytes()};
  }

  /// Errors: System.
  [[nodiscard]] static Result<std::unique_ptr<InboundPool>> create(const bus::PoolGeometry& geometry) {
    SHUNT_TRY(fd, bus::create_memory(memory(geometry)));
    SHUNT_TRY(mapping, bus::Mapping::map(fd.get(), geometry.bytes(), bus::Access::ReadWrite));
    SHUNT_CHECK(bus::seal_future_writes(fd.get()));
    SHUNT_TRY(pool, bus::ChunkPool::create(geometry, mapping.data()));
    return std::unique_ptr<InboundPool>(new InboundPool(std::move(fd), std::move(mapping), std::move(pool)));
  }

  /// From now on an eighth of each class is kept for replies: a plugin of this compartment makes calls.
  void reserve_for_replies() noexcept { reserves_.store(true, std::memory_order_relaxed); }

  [[nodiscard]] std::optional<bus::LoanedChunk> loan(std::size_t bytes) noexcept {
    const std::lock_guard lock{lock_};
    if (reserves_.load(std::memory_order_relaxed)) {
      const auto size_class = geometry().class_for(bytes);
      if (size_class && pool_.free_chunks(*size_class) <= geometry().classes()[*size_class].chunks / 8)
        return std::nullopt;
    }
    return pool_.loan(bytes);
  }
  /// The same, from what is kept for replies too.
  [[nodiscard]] std::optional<bus::LoanedChunk> loan_for_reply(std::size_t bytes) noexcept {
    const std::lock_guard lock{lock_};
    return pool_.loan(bytes);
  }
  void hold(bus::ChunkId chunk) noexcept {
    const std::lock_guard lock{lock_};
    pool_.hold(chunk);
  }
  void release(bus::ChunkId chunk) noexcept {
    const std::lock_guard lock{lock_};
    pool_.release(chunk);
  }

  /// The same for a loan whose payload was `bytes` at `offset`: the next one is likely to be built at the same place of
  /// the next chunk.
  void end_loan(bus::ChunkId chunk, std::size_t offset, std::size_t bytes) noexcept {
    const std::lock_guard lock{lock_};
    pool_.release(chunk);
    pool_.prepare(chunk.size_class(), offset, bytes);
  }

  [[nodiscard]] std::size_t used_chunks() noexcept {
    const std::lock_guard lock{lock_};
    return pool_.used_chunks();
  }

  /// A message of so many bytes was lost, or its sender refused, because no chunk was left for it.
  void count_no_chunk(std::size_t bytes) noexcept {
    const std::lock_guard lock{lock_};
    const auto size_class = geometry().class_for(bytes);
    if (!size_class) return;
    Missed& missed = no_chunk_[*size_class];
    const std::int64_t now_ns = bus::now_ns();
    ++missed.ever;
    missed.lately = missed.is_late(now_ns) ? missed.lately + 1 : 1;
    missed.last_ns = now_ns;
  }
  /// Of one size class.
  struct Use {
    std::uint32_t in_use = 0;           ///< Chunks that are built in, wait, or are held by a plugin.
    std::uint64_t no_chunk = 0;         ///< Messages for which none was left, ever,
    std::uint64_t no_chunk_lately = 0;  ///< and so many with less than two minutes between them, until now.
  };
  [[nodiscard]] Use use(std::uint32_t size_class) noexcept {
    const std::lock_guard lock{lock_};
    const std::size_t free = pool_.free_chunks(size_class);
    const Missed& missed = no_chunk_[size_class];
    return {static_cast<std::uint32_t>(geometry().classes()[size_class].chunks - free), missed.ever,
            missed.is_late(bus::now_ns()) ? missed.lately : 0};
  }
  [[nodiscard]] const bus::PoolGeometry& geometry() const noexcept { return pool_.geometry(); }
  [[nodiscard]] std::byte* payload(bus::ChunkId chunk) const noexcept { return pool_.payload(chunk); }
  /// For handing to plugins: nobody can map it writable any more.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  static constexpr std::int64_t kLatelyNs = 120'000'000'000;
  struct Missed {
    std::uint64_t ever = 0;
    std::uint64_t lately = 0;
    std::int64_t last_ns = 0;
    [[nodiscard]] bool is_late(std::int64_t now_ns) const noexcept { return ever > 0 && now_ns - last_ns < kLatelyNs; }
  };

  InboundPool(bus::UniqueFd fd, bus::Mapping mapping, bus::ChunkPool pool)
      : fd_(std::move(fd)), mapping_(std::move(mapping)), pool_(std::move(pool)) {}

  bus::UniqueFd fd_;
  bus::Mapping mapping_;
  bus::ChunkPool pool_;
  std::atomic<bool> reserves_{false};
  bus::SpinLock lock_;
  std::array<Missed, bus::kClassesMax> no_chunk_{};  // under lock_
};

}  // namespace shunt::host
