#pragma once
/// Everything a plugin sends: loans from its pool, room in the host's rings, one push.

#include "command_box.hpp"
#include "last_error.hpp"
#include "threads_lock.hpp"

#include <shunt/bus/lane.hpp>
#include <shunt/plugin.h>

#include <vector>

namespace shunt::kit {

/// Used while the threads' lock is held. Allocates at creation only; a system call only while a ring is full or to wake
/// a host that sleeps. `int` results as in plugin.h.
class Outbox {
 public:
  /// When a command waits, nobody waits for room any longer.
  Outbox(bus::LaneEnd& lane, const CommandBox& commands, LastError& error);

  /// Errors: QuotaExceeded, TooLarge.
  int loan(const ThreadsLock::Hold&, std::size_t bytes, shunt_sample& out) noexcept;
  void give_back(const ThreadsLock::Hold&, shunt_sample& sample) noexcept;

  /// Sends `bytes` at `offset` of the sample, which is consumed also by failure. `header` says all but the payload's
  /// place. Waits for room until `until_ns`; 0: kDefaultDeadline from now; other threads use the lane meanwhile.
  /// Errors: BadInput, QuotaExceeded, TooLarge, RingFull.
  int send(ThreadsLock::Hold& hold, bus::Ring ring, bus::MessageHeader& header, shunt_sample& sample,
           std::size_t offset, std::size_t bytes, std::int64_t until_ns) noexcept;
  /// The same without waking a host that sleeps, unless there is no room without it: ring_bell() follows.
  int put(ThreadsLock::Hold& hold, bus::Ring ring, bus::MessageHeader& header, shunt_sample& sample, std::size_t offset,
          std::size_t bytes, std::int64_t until_ns) noexcept;
  void ring_bell(const ThreadsLock::Hold&) noexcept;
  /// How many messages fit into the ring now.
  [[nodiscard]] std::size_t room(const ThreadsLock::Hold&, bus::Ring ring) noexcept;

 private:
  enum class Bell : std::uint8_t { Now, Later };
  template <Bell kBell>
  int put_and(ThreadsLock::Hold& hold, bus::Ring ring, bus::MessageHeader& header, shunt_sample& sample,
              std::size_t offset, std::size_t bytes, std::int64_t until_ns) noexcept;
  std::optional<bus::LoanedChunk> take_loan(std::size_t bytes) noexcept;
  /// The loan behind a sample's handle; none when it is not on loan. Consumes it.
  std::optional<bus::LoanedChunk> redeem(const shunt_sample& sample) noexcept;
  int copy_to_chunk(const shunt_sample& sample, std::size_t offset, std::size_t bytes, bus::LoanedChunk& loan) noexcept;
  bool wait_for_room(ThreadsLock::Hold& hold, bus::Ring ring, std::int64_t until_ns) noexcept;
  int no_loan(std::size_t bytes) noexcept;
  void set_on_loan(bus::ChunkId chunk, bool on_loan) noexcept;
  void harvest() noexcept;

  bus::LaneEnd& lane_;
  const CommandBox& commands_;
  LastError& error_;
  std::vector<char> on_loan_;  // by PoolGeometry::dense: chunks that the plugin's code writes now
};

}  // namespace shunt::kit
