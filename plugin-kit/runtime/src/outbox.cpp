#include "outbox.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/bus/spin.hpp>
#include <shunt/schemas/limits.hpp>

#include <cstring>
#include <ctime>
#include <utility>

namespace shunt::kit {
namespace {

constexpr std::uint32_t kHarvestFrom = 16;  ///< Chunks out: enough of them share a line of the return ring.
constexpr int kSpinsForRoom = 2000;
constexpr std::int64_t kNapNs = 50'000;

/// Ours alone to write. Relaxed: a count for people, nothing hangs on it.
void add(std::atomic<std::uint32_t>& counter, std::uint32_t change) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
}

std::uint64_t handle_of(const bus::LoanedChunk& loan) {
  return std::uint64_t{loan.generation} << 32 | loan.chunk.packed;
}

}  // namespace

Outbox::Outbox(bus::LaneEnd& lane, const CommandBox& commands, LastError& error)
    : lane_(lane), commands_(commands), error_(error), on_loan_(lane.pool()->geometry().chunks()) {}

void Outbox::harvest() noexcept {
  lane_.sender.harvest([this](bus::ChunkId chunk) { lane_.pool()->release(chunk); });
}

std::optional<bus::LoanedChunk> Outbox::take_loan(std::size_t bytes) noexcept {
  auto loan = lane_.pool()->loan(bytes);
  if (!loan) {
    harvest();
    loan = lane_.pool()->loan(bytes);
  }
  if (loan) bus::reached(bus::Step::Loaned);
  return loan;
}

int Outbox::no_loan(std::size_t bytes) noexcept {
  const auto& geometry = lane_.pool()->geometry();
  const auto size_class = geometry.class_for(bytes);
  if (!size_class)
    return error_.set(ErrorCode::TooLarge,
                      "{} bytes fit no size class of this plugin's pool, the largest is {}: add one "
                      "to `outbound` in the host's configuration",
                      bytes, geometry.classes().back().bytes);
  add(lane_.mine().pool.refused[*size_class], 1);
  return error_.set(ErrorCode::QuotaExceeded,
                    "no chunk for {} bytes is left: give samples back, or raise `outbound` in "
                    "the host's configuration",
                    bytes);
}

void Outbox::set_on_loan(bus::ChunkId chunk, bool on_loan) noexcept {
  on_loan_[lane_.pool()->geometry().dense(chunk)] = on_loan ? 1 : 0;
  add(lane_.mine().pool.loaned[chunk.size_class()], on_loan ? 1 : ~0u);
}

int Outbox::loan(const ThreadsLock::Hold&, std::size_t bytes, shunt_sample& out) noexcept {
  out = {};
  const auto loan = take_loan(bytes);
  if (!loan) return no_loan(bytes);
  set_on_loan(loan->chunk, true);
  out = {reinterpret_cast<std::uint8_t*>(loan->data), loan->capacity, handle_of(*loan)};
  return SHUNT_OK;
}

std::optional<bus::LoanedChunk> Outbox::redeem(const shunt_sample& sample) noexcept {
  const bus::ChunkId chunk{static_cast<std::uint32_t>(sample.handle)};
  const auto generation = static_cast<std::uint32_t>(sample.handle >> 32);
  const auto& geometry = lane_.pool()->geometry();
  if (!geometry.contains(chunk) || lane_.pool()->generation(chunk) != generation) return std::nullopt;
  if (on_loan_[geometry.dense(chunk)] == 0) return std::nullopt;
  set_on_loan(chunk, false);
  return bus::LoanedChunk{lane_.pool()->payload(chunk), geometry.capacity(chunk), chunk, generation};
}

void Outbox::give_back(const ThreadsLock::Hold&, shunt_sample& sample) noexcept {
  const shunt_sample taken = std::exchange(sample, shunt_sample{});
  if (taken.handle == 0) return;
  if (const auto loan = redeem(taken)) lane_.pool()->release(loan->chunk);
}

int Outbox::copy_to_chunk(const shunt_sample& sample, std::size_t offset, std::size_t bytes,
                          bus::LoanedChunk& loan) noexcept {
  const auto taken = take_loan(bytes);
  if (!taken) return no_loan(bytes);
  std::memcpy(taken->data, sample.data + offset, bytes);
  loan = *taken;
  return SHUNT_OK;
}

template <Outbox::Bell kBell>
int Outbox::put_and(ThreadsLock::Hold& hold, bus::Ring ring, bus::MessageHeader& header, shunt_sample& sample,
                    std::size_t offset, std::size_t bytes, std::int64_t until_ns) noexcept {
  const shunt_sample taken = std::exchange(sample, shunt_sample{});
  std::optional<bus::LoanedChunk> loan;
  if (taken.handle != 0 && !(loan = redeem(taken)))
    return error_.set(ErrorCode::BadInput, "the sample is not on loan: it was sent or given back before");
  const std::size_t capacity = loan ? loan->capacity : taken.capacity;
  int code = SHUNT_OK;
  std::span<const std::byte> inline_payload;
  if (bytes > capacity || offset > capacity - bytes) {
    code = error_.set(ErrorCode::BadInput, "a payload of {} bytes at {} does not lie in a sample of {}", bytes, offset,
                      capacity);
  } else if (!loan && bytes <= bus::kInlineBytesMax) {
    inline_payload = {reinterpret_cast<const std::byte*>(taken.data) + offset, bytes};
  } else if (!loan) {
    code = copy_to_chunk(taken, offset, bytes, loan.emplace());
    if (code != SHUNT_OK) loan.reset();
    offset = 0;
  } else if (offset % 8 != 0) {
    // Readers rely on payloads that start on a multiple of 8.
    std::memmove(loan->data + offset / 8 * 8, loan->data + offset, bytes);
    offset = offset / 8 * 8;
  }
  if (code == SHUNT_OK && !lane_.sender.has_room(ring) && !wait_for_room(hold, ring, until_ns))
    code = error_.set(ErrorCode::RingFull,
                      "the ring to the host stayed full until the deadline: a receiver that refuses more than it can "
                      "take holds it up (`shunt ls` shows what waits), or no thread of the host takes messages");
  if (code != SHUNT_OK) {
    if (loan) lane_.pool()->release(loan->chunk);
    return code;
  }
  header.place = loan ? bus::Place::Chunk : bytes > 0 ? bus::Place::Inline : bus::Place::None;
  header.payload_bytes = static_cast<std::uint32_t>(bytes);
  if (loan) {
    header.payload_offset = static_cast<std::uint32_t>(offset);
    header.chunk = loan->chunk;
    header.generation = loan->generation;
  }
  lane_.sender.push(ring, header, inline_payload);
  if constexpr (kBell == Bell::Now) ring_bell(hold);
  if (loan) lane_.pool()->prepare(loan->chunk.size_class(), offset, bytes);
  return SHUNT_OK;
}

void Outbox::ring_bell(const ThreadsLock::Hold&) noexcept {
  lane_.sender.wake();
  if (lane_.sender.held() >= kHarvestFrom) harvest();  // now, while the host is on its way
}

std::size_t Outbox::room(const ThreadsLock::Hold&, bus::Ring ring) noexcept {
  auto& out = lane_.sender.ring_out(ring);
  out.refresh();
  return out.known_room();
}

int Outbox::send(ThreadsLock::Hold& hold, bus::Ring ring, bus::MessageHeader& header, shunt_sample& sample,
                 std::size_t offset, std::size_t bytes, std::int64_t until_ns) noexcept {
  return put_and<Bell::Now>(hold, ring, header, sample, offset, bytes, until_ns);
}

int Outbox::put(ThreadsLock::Hold& hold, bus::Ring ring, bus::MessageHeader& header, shunt_sample& sample,
                std::size_t offset, std::size_t bytes, std::int64_t until_ns) noexcept {
  return put_and<Bell::Later>(hold, ring, header, sample, offset, bytes, until_ns);
}

bool Outbox::wait_for_room(ThreadsLock::Hold& hold, bus::Ring ring, std::int64_t until_ns) noexcept {
  lane_.sender.wake();  // for what was put and not rung for
  for (int i = 0; i < kSpinsForRoom; ++i) {
    if (lane_.sender.has_room(ring)) return true;
    hold.give_way(bus::spin_pause);
  }
  if (until_ns == 0) until_ns = bus::now_ns() + std::chrono::nanoseconds{kDefaultDeadline}.count();
  while (bus::now_ns() < until_ns && !commands_.waiting()) {
    hold.give_way([] {
      const timespec nap{0, kNapNs};
      ::nanosleep(&nap, nullptr);
    });
    if (lane_.sender.has_room(ring)) return true;
  }
  return false;
}

}  // namespace shunt::kit
