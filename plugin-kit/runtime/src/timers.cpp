#include "timers.hpp"

#include <algorithm>

namespace shunt::kit {
namespace {

/// A period that would reach beyond is due never.
std::int64_t later(std::int64_t from_ns, std::int64_t by_ns) noexcept {
  return by_ns > INT64_MAX - from_ns ? INT64_MAX : from_ns + by_ns;
}

}  // namespace

/// At least a nanosecond on: one that starts itself anew does not keep its clock from going on.
bool Timers::start(const shunt_timer& how, std::int64_t now_ns, std::uint64_t& id) {
  const std::lock_guard lock{mutex_};
  if (due_.size() >= kMax) return false;
  const std::int64_t due_ns = later(now_ns, std::max<std::int64_t>(how.delay_ns, 1));
  due_.emplace(Key{due_ns, last_id_ + 1}, Timer{how.period_ns, how.fire, how.release, how.data});
  id = ++last_id_;
  note_next();
  return true;
}

void Timers::cancel(std::uint64_t id) noexcept {
  if (id == 0) return;
  std::unique_lock lock{mutex_};
  const auto found = std::ranges::find(due_, id, [](const auto& each) { return each.first.second; });
  if (id == firing_) ends_ = true;  // what its handler stands on goes when that returns
  if (found == due_.end()) return;
  const Timer timer = found->second;
  due_.erase(found);
  note_next();
  const bool runs = id == firing_;
  lock.unlock();
  if (!runs) release(timer);
}

void Timers::end_all() noexcept {
  while (true) {
    std::uint64_t first = 0;
    {
      const std::lock_guard lock{mutex_};
      if (due_.empty()) return;
      first = due_.begin()->first.second;
    }
    cancel(first);
  }
}

bool Timers::take_next(std::int64_t now_ns, Timer& timer, shunt_tick& tick) noexcept {
  const std::lock_guard lock{mutex_};
  if (due_.empty() || due_.begin()->first.first > now_ns) return false;
  auto node = due_.extract(due_.begin());
  timer = node.mapped();
  const std::int64_t due_ns = node.key().first;
  firing_ = node.key().second;
  ends_ = timer.period_ns == 0;
  tick.size = sizeof tick;
  tick.timer = firing_;
  tick.due_ns = due_ns;
  if (timer.period_ns != 0) {
    const std::int64_t missed = (now_ns - due_ns) / timer.period_ns;
    tick.missed = static_cast<std::uint64_t>(missed);
    node.key().first = later(due_ns + missed * timer.period_ns, timer.period_ns);
    due_.insert(std::move(node));
  }
  note_next();
  return true;
}

void Timers::done(const Timer& timer) noexcept {
  bool ends = false;
  {
    const std::lock_guard lock{mutex_};
    firing_ = 0;
    ends = ends_;
  }
  if (ends) release(timer);
}

}  // namespace shunt::kit
