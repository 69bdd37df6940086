#pragma once
/// The memory of calls that their caller does not wait for, and the queue of those whose callback is due.

#include "pending_call.hpp"

#include <shunt/bus/doorbell.hpp>
#include <shunt/bus/spin.hpp>
#include <shunt/host/completion.hpp>
#include <shunt/schemas/result.hpp>

#include <atomic>
#include <cstdint>

namespace shunt::host {

/// Why its caller has no reply.
enum class GaveUp : std::uint8_t { No, Cancelled, DeadlineExceeded };

/// One call. Without a callback it is its caller's until given back; with one, poll()'s once it is completed.
struct AsyncCall : PendingCall {
  const RouteInfo* route = nullptr;
  std::uint64_t correlation = 0;
  std::int64_t deadline_ns = 0;
  bus::Wait wait = bus::Wait::SpinThenSleep;
  GaveUp gave_up = GaveUp::No;
  bool taken = false;  ///< Its caller has had the outcome.
  Completion completion;
  AsyncCall* next = nullptr;         ///< In the list of those that are free, or due.
  AsyncCall* made_before = nullptr;  ///< In the list of all.

  /// By whoever has taken it out of the in-flight table. Of its memory nothing may be used afterwards.
  void give_up(GaveUp why) noexcept {
    gave_up = why;
    end();
  }

 private:
  friend class AsyncCalls;
};

/// Thread-safe.
class AsyncCalls {
 public:
  /// Of calls in flight and of those that are due.
  static constexpr std::uint32_t kCallbacksMax = 8192;

  /// `calls` are made in advance.
  explicit AsyncCalls(std::size_t calls);
  ~AsyncCalls();
  AsyncCalls(const AsyncCalls&) = delete;
  AsyncCalls& operator=(const AsyncCalls&) = delete;

  /// Memory for a call. Allocates only when more are out than ever before. Errors: QuotaExceeded (as many callbacks as
  /// may be are out), System (no memory).
  [[nodiscard]] tl::expected<AsyncCall*, ErrorCode> take(Completion completion) noexcept;
  void give_back(AsyncCall& call) noexcept;

  /// A call with a callback has its outcome.
  void put(AsyncCall& call) noexcept;
  /// Whether next_due() would give one; a look without the lock.
  [[nodiscard]] bool has_due() const noexcept { return due_count_.load(std::memory_order_relaxed) > 0; }
  /// The one that has been due for longest, now the caller's; null: none is.
  [[nodiscard]] AsyncCall* next_due() noexcept;

 private:
  bus::SpinLock lock_;
  AsyncCall* last_made_ = nullptr;
  AsyncCall* free_ = nullptr;  // last used first
  std::uint32_t callbacks_ = 0;

  alignas(64) bus::SpinLock due_lock_;
  AsyncCall* first_due_ = nullptr;
  AsyncCall* last_due_ = nullptr;
  std::atomic<std::uint32_t> due_count_{0};
};

}  // namespace shunt::host
