#include "audit_book.hpp"

#include "filter.hpp"

#include <chrono>

namespace shunt::launcher {
namespace {

constexpr std::size_t kRecordsPerPacket = 200;  // far below what the host takes in one

}  // namespace

void AuditBook::note(control::Phase phase, const WaitingCall& call, int answer) {
  using std::chrono::system_clock;
  const auto now = std::chrono::nanoseconds{system_clock::now().time_since_epoch()}.count();
  const auto [place, is_first] = entries_.try_emplace({phase, call.number});
  Entry& entry = place->second;
  if (is_first) {
    entry.record.phase = phase;
    entry.record.number = call.number;
    entry.record.name = call_name(call.number);
    entry.record.answer = answer;
    entry.record.arguments.assign(call.arguments.begin(), call.arguments.end());
    entry.record.first_ns = now;
    has_first_ = true;
  }
  ++entry.record.count;
  entry.record.last_ns = now;
  entry.changed = true;
  has_news_ = true;
  ++denials_;
}

control::AuditT AuditBook::take_news() {
  control::AuditT news;
  has_news_ = has_first_ = false;
  for (auto& [key, entry] : entries_) {
    has_news_ = entry.changed && news.records.size() == kRecordsPerPacket;
    if (has_news_) break;
    if (!std::exchange(entry.changed, false)) continue;
    news.records.push_back(std::make_unique<control::AuditRecordT>(entry.record));
  }
  news.limit_reached = limit_reached();
  return news;
}

}  // namespace shunt::launcher
