#pragma once
/// Calls that a handler makes, and everything that comes in on the reply ring: their answers, strays and cancellations.

#include "cancellations.hpp"
#include "crew.hpp"
#include "deferrals.hpp"
#include "outbox.hpp"
#include "patience.hpp"
#include "urgent_messages.hpp"

#include <shunt/bus/lane.hpp>

namespace shunt::kit {

/// Of the serving threads, cancel_waits() excepted. Allocates at creation only.
class NestedCalls {
 public:
  static constexpr std::size_t kAnswersMax = 64;  ///< Held by the plugin at once, and by each worker beyond the first.

  NestedCalls(bus::LaneEnd& lane, bus::Wait wait, ThreadsLock& lock, Crew& crew, Outbox& outbox,
              Cancellations& cancellations, UrgentMessages& urgent, Deferrals& deferrals, CommandBox& commands,
              LastError& error);

  struct Call {
    std::uint32_t route = 0;
    std::uint64_t parent = 0;             ///< Correlation of the message in hand; 0 outside of handlers.
    std::int64_t parent_deadline_ns = 0;  ///< 0 for none.
    std::int64_t deadline_ns = 0;         ///< 0: the parent's, or kDefaultDeadline.
    std::int64_t origin_ns = 0;           ///< 0: none.
  };

  /// Sends a request and waits for its answer. Consumes the sample.
  /// Errors: those of Outbox::send, DeadlineExceeded, Cancelled (the message in hand was, before or meanwhile),
  /// QuotaExceeded (release answers first), and the callee's own.
  int call(Hand& hand, const Call& call, shunt_sample& sample, std::size_t offset, std::size_t bytes,
           shunt_answer& out) noexcept;
  void release(shunt_answer& answer) noexcept;
  /// 0: none, or it is not held.
  [[nodiscard]] std::int64_t origin_ns(const shunt_answer& answer) const noexcept;

  /// Whether somebody who can take messages rests although there are some: called under the lock, where there are
  /// several workers, by whoever watches and can take none.
  using HasTurn = bool (*)(void* context);
  void set_has_turn(HasTurn has_turn, void* context) noexcept {
    has_turn_ = has_turn;
    context_ = context;
  }

  /// Takes everything there is on the reply ring. Whether there was something.
  bool take_replies() noexcept;
  /// The same under the lock.
  void take_replies(const ThreadsLock::Hold& hold) noexcept {
    while (take_reply(hold)) {
    }
  }

  /// Any thread: whether a Cancel for `token` lies in the reply ring, untaken.
  [[nodiscard]] bool cancel_waits(std::uint64_t token) const noexcept;

 private:
  struct Answer {
    alignas(16) std::array<std::byte, bus::kInlineBytesMax> inline_payload;
    bus::MessageHeader header;
    std::span<const std::byte> payload;
    bool in_use = false;
  };

  bool take_reply(const ThreadsLock::Hold& hold) noexcept;
  void accept(const bus::Incoming& reply) noexcept;
  enum class Waited : std::uint8_t { Answered, TooLong, Cancelled };
  Waited wait_for_answer(Hand& hand, std::uint64_t parent, std::int64_t deadline_ns) noexcept;
  void sleep(Hand& hand, std::chrono::nanoseconds timeout) noexcept;
  void watch_for_others(Hand& hand, std::chrono::nanoseconds timeout) noexcept;
  int cancelled() noexcept;
  int failure(Answer& answer) noexcept;
  void free_answer(Answer& answer) noexcept;
  void give_back(const bus::MessageHeader& header) noexcept;

  bus::LaneEnd& lane_;
  bus::Wait wait_;
  ThreadsLock& lock_;
  Crew& crew_;
  Outbox& outbox_;
  Cancellations& cancellations_;
  UrgentMessages& urgent_;
  Deferrals& deferrals_;
  CommandBox& commands_;
  LastError& error_;
  bool several_;
  std::vector<Answer> answers_;
  std::vector<std::uint32_t> free_;  // indices into answers_; the last used first
  std::uint64_t last_correlation_ = 0;
  HasTurn has_turn_ = nullptr;
  void* context_ = nullptr;
};

}  // namespace shunt::kit
