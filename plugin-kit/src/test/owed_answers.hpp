#pragma once
/// Answers that a plugin under test has deferred: what it owes, what its callers get, and when that is over, in the
/// launcher's words.

#include <shunt/plugin-kit/test/stand_in.hpp>
#include <shunt/plugin.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

namespace shunt::test {

/// Of one stand-in; who waits for an answer keeps it, too. Any thread.
class OwedAnswers {
 public:
  struct Request {
    std::uint64_t token = 0;  ///< Of the deferred answer.
    std::uint32_t function = 0;
    std::int64_t deadline_ns = 0;
    unsigned looks = 0;                 ///< At cancelled(), the handler's own among them.
    unsigned cancelled_at = 0;          ///< 0: at no look.
    std::chrono::nanoseconds origin{};  ///< Of the request; 0: none.
    std::optional<Result<Outgoing>> outcome{};
  };
  using Owed = std::shared_ptr<Request>;

  explicit OwedAnswers(const std::atomic<std::int64_t>& clock_ns) : clock_ns_(&clock_ns) {}
  OwedAnswers(const OwedAnswers&) = delete;
  OwedAnswers& operator=(const OwedAnswers&) = delete;

  /// Whether a token is that of a deferred answer: of those that the stand-in gives, none is.
  [[nodiscard]] static bool names(std::uint64_t token) noexcept { return token >> 62 == 1; }
  /// Whether any answer was ever deferred: from then on other threads may have samples.
  [[nodiscard]] bool any() const noexcept { return any_.load(std::memory_order_relaxed); }

  /// What `request` has for a deferred answer: a token of its own and no payload.
  Owed defer(const shunt_message& request, shunt_message& later, unsigned looks, unsigned cancelled_at);

  /// The answer that is owed under `token` is what `give(request)` has, an std::optional<Result<Outgoing>>; without
  /// one it is owed still. False: nothing is owed, or nobody waits for it any more; `refusal` says which, the latter
  /// once.
  template <typename Give>
  bool answer(std::uint64_t token, Error& refusal, const Give& give) {
    const std::lock_guard lock{mutex_};
    const Owed owed = find_open(token, refusal);
    if (owed == nullptr) return false;
    owed->outcome = give(*owed);
    if (!owed->outcome) return true;
    owed_.erase(token);
    changed_.notify_all();
    return true;
  }

  /// Asked by the plugin.
  [[nodiscard]] bool is_unwanted(std::uint64_t token);
  /// By the caller. False: there is an outcome.
  bool cancel(Request& request);
  [[nodiscard]] bool is_over(Request& request);
  /// None when there is no outcome after `patience` by the machine's clock.
  [[nodiscard]] std::optional<Result<Outgoing>> await(Request& request, std::chrono::nanoseconds patience);

  /// The plugin was cleaned up: what it owes is answered.
  void clean_up();
  /// The clock goes: nobody answers any more.
  void end();

 private:
  void settle(Request& request, ErrorCode code, std::string_view text);
  void look_at_deadline(Request& request);
  Owed find_open(std::uint64_t token, Error& refusal);

  std::mutex mutex_;
  std::condition_variable changed_;
  const std::atomic<std::int64_t>* clock_ns_;
  std::map<std::uint64_t, Owed> owed_;
  std::uint64_t last_ = 0;
  std::atomic<bool> any_{false};
};

}  // namespace shunt::test
