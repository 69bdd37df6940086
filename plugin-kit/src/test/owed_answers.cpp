#include "owed_answers.hpp"

#include <algorithm>

namespace shunt::test {

OwedAnswers::Owed OwedAnswers::defer(const shunt_message& request, shunt_message& later, unsigned looks,
                                     unsigned cancelled_at) {
  const std::lock_guard lock{mutex_};
  any_.store(true, std::memory_order_relaxed);
  auto owed = std::make_shared<Request>(Request{1ull << 62 | ++last_, request.index, request.deadline_ns, looks,
                                                cancelled_at, std::chrono::nanoseconds{request.origin_ns}});
  owed_.emplace(owed->token, owed);
  later = request;
  later.token = owed->token;
  later.payload = nullptr;
  later.payload_bytes = 0;
  later.hints = nullptr;
  later.hints_bytes = 0;
  return owed;
}

/// The plugin owes it nevertheless, until it hears that nobody waits.
void OwedAnswers::settle(Request& request, ErrorCode code, std::string_view text) {
  if (!request.outcome) request.outcome = error(code, "{}", text);
  changed_.notify_all();
}

void OwedAnswers::look_at_deadline(Request& request) {
  if (clock_ns_ == nullptr || request.deadline_ns == 0) return;
  if (clock_ns_->load(std::memory_order_relaxed) >= request.deadline_ns)
    settle(request, ErrorCode::DeadlineExceeded, "the deadline passed before the deferred answer came");
}

OwedAnswers::Owed OwedAnswers::find_open(std::uint64_t token, Error& refusal) {
  const auto found = owed_.find(token);
  if (found == owed_.end()) {
    refusal = {ErrorCode::BadInput, "there is no such deferred answer: it was given before"};
    return nullptr;
  }
  Owed owed = found->second;
  look_at_deadline(*owed);
  if (!owed->outcome) return owed;
  owed_.erase(found);
  const bool timed_out = !*owed->outcome && owed->outcome->error().code == ErrorCode::DeadlineExceeded;
  refusal = timed_out ? Error{ErrorCode::DeadlineExceeded, "the deadline passed before the deferred answer was given"}
                      : Error{ErrorCode::Cancelled, "nobody waits for the deferred answer any more"};
  return nullptr;
}

bool OwedAnswers::is_unwanted(std::uint64_t token) {
  const std::lock_guard lock{mutex_};
  const auto found = owed_.find(token);
  if (found == owed_.end()) return true;
  Request& request = *found->second;
  look_at_deadline(request);
  if (++request.looks >= request.cancelled_at && request.cancelled_at != 0)
    settle(request, ErrorCode::Cancelled, "the caller cancelled before the deferred answer came");
  return request.outcome.has_value();
}

bool OwedAnswers::cancel(Request& request) {
  const std::lock_guard lock{mutex_};
  look_at_deadline(request);
  if (request.outcome) return false;
  settle(request, ErrorCode::Cancelled, "the caller cancelled before the deferred answer came");
  return true;
}

bool OwedAnswers::is_over(Request& request) {
  const std::lock_guard lock{mutex_};
  look_at_deadline(request);
  return request.outcome.has_value();
}

std::optional<Result<Outgoing>> OwedAnswers::await(Request& request, std::chrono::nanoseconds patience) {
  constexpr std::chrono::milliseconds kLook{10};  // at the deadline: the plugin's looks at the clock move it
  const auto until = std::chrono::steady_clock::now() + patience;
  std::unique_lock lock{mutex_};
  while (true) {
    look_at_deadline(request);
    if (request.outcome) return request.outcome;
    const auto now = std::chrono::steady_clock::now();
    if (now >= until) return std::nullopt;
    changed_.wait_for(lock, std::min<std::chrono::nanoseconds>(until - now, kLook));
  }
}

void OwedAnswers::clean_up() {
  const std::lock_guard lock{mutex_};
  for (const auto& [token, owed] : owed_)
    settle(*owed, ErrorCode::PluginFailed, "the plugin was cleaned up before its deferred answer");
}

void OwedAnswers::end() {
  clean_up();
  const std::lock_guard lock{mutex_};
  clock_ns_ = nullptr;
  owed_.clear();
}

}  // namespace shunt::test
