#include "async_calls.hpp"

#include <mutex>
#include <new>

namespace shunt::host {

void PendingCall::hand_over() noexcept { due_->put(static_cast<AsyncCall&>(*this)); }

AsyncCalls::AsyncCalls(std::size_t calls) {
  for (std::size_t i = 0; i < calls; ++i) {
    auto* const call = new AsyncCall;
    call->made_before = std::exchange(last_made_, call);
    call->next = std::exchange(free_, call);
  }
}

AsyncCalls::~AsyncCalls() {
  while (AsyncCall* const call = last_made_) {
    last_made_ = call->made_before;
    delete call;
  }
}

tl::expected<AsyncCall*, ErrorCode> AsyncCalls::take(Completion completion) noexcept {
  const bool with_callback = static_cast<bool>(completion);
  AsyncCall* call = nullptr;
  {
    const std::lock_guard lock{lock_};
    if (with_callback && callbacks_ == kCallbacksMax) return tl::unexpected(ErrorCode::QuotaExceeded);
    callbacks_ += with_callback ? 1 : 0;
    if (free_ != nullptr) call = std::exchange(free_, free_->next);
  }
  if (call == nullptr) {  // made without the lock, which is for a few instructions
    call = new (std::nothrow) AsyncCall;
    const std::lock_guard lock{lock_};
    if (call == nullptr) return callbacks_ -= with_callback ? 1 : 0, tl::unexpected(ErrorCode::System);
    call->made_before = std::exchange(last_made_, call);
  }
  call->completion = std::move(completion);
  call->arm(with_callback ? this : nullptr);
  return call;
}

void AsyncCalls::give_back(AsyncCall& call) noexcept {
  call.reply = {};
  call.failure.reset();
  call.completion = {};
  call.gave_up = GaveUp::No;
  call.taken = false;
  const std::lock_guard lock{lock_};
  callbacks_ -= call.has_callback() ? 1 : 0;
  call.next = std::exchange(free_, &call);
}

void AsyncCalls::put(AsyncCall& call) noexcept {
  const std::lock_guard lock{due_lock_};
  call.next = nullptr;
  (first_due_ == nullptr ? first_due_ : last_due_->next) = &call;
  last_due_ = &call;
  due_count_.fetch_add(1, std::memory_order_relaxed);
}

AsyncCall* AsyncCalls::next_due() noexcept {
  if (!has_due()) return nullptr;
  const std::lock_guard lock{due_lock_};
  AsyncCall* const call = first_due_;
  if (call == nullptr) return nullptr;
  first_due_ = call->next;
  due_count_.fetch_sub(1, std::memory_order_relaxed);
  return call;
}

}  // namespace shunt::host
