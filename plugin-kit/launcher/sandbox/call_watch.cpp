#include "call_watch.hpp"

#include <algorithm>

namespace shunt::launcher {
namespace {

constexpr std::chrono::milliseconds kBetweenNews{100};

}  // namespace

std::optional<WaitingCall> CallWatch::take() {
  const auto call = listener_.next();
  return book_.limit_reached() ? std::nullopt : call;
}

void CallWatch::decide(const WaitingCall& call) {
  if (const int denied = judge_.decide(listener_, call); denied != 0) book_.note(judge_.phase(), call, denied);
}

std::optional<control::AuditT> CallWatch::news() {
  if (!book_.has_news()) return std::nullopt;
  if (!book_.has_first() && !book_.limit_reached() && Clock::now() < told_ + kBetweenNews) return std::nullopt;
  return last_news();
}

std::optional<control::AuditT> CallWatch::last_news() {
  if (!book_.has_news()) return std::nullopt;
  told_ = Clock::now();
  return book_.take_news();
}

int CallWatch::patience_ms() const noexcept {
  if (!book_.has_news()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(told_ + kBetweenNews - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, kBetweenNews.count()));
}

}  // namespace shunt::launcher
