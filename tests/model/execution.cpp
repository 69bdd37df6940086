#include "execution.hpp"

#include <algorithm>
#include <cstdlib>

namespace shunt::model {
namespace {

constexpr std::size_t kStackBytes = 128u << 10;

/// What an access was, in a thread's history.
enum class Access : std::uint8_t { Load, Store, Exchange, Fence, Step, Wait, Wake, Reap, Ended, Lock, Unlock };

/// Threads of a world run on one thread of this program.
Execution* the_current = nullptr;

}  // namespace

Execution* Execution::current() noexcept { return the_current; }

void Execution::add(std::string name, std::function<void()> run, bool mortal) {
  threads_.push_back({.name = std::move(name), .run = std::move(run), .mortal = mortal});
}

// ---- Going on

/// Where a thread begins.
void Execution::enter() {
  Execution* const self = current();
  self->running_->run();
  self->running_->standing = Standing::Ended;
  self->leave();
}

/// Makes the access that it stands before, if there is one yet, and goes on to the next.
void Execution::resume(Thread& thread) {
  if (thread.stack == nullptr) {
    thread.stack = std::make_unique<char[]>(kStackBytes);
    ::getcontext(&thread.context);
    thread.context.uc_stack.ss_sp = thread.stack.get();
    thread.context.uc_stack.ss_size = kStackBytes;
    thread.context.uc_link = nullptr;
    ::makecontext(&thread.context, &Execution::enter, 0);
  }
  running_ = &thread;
  ::swapcontext(&scheduler_, &thread.context);
  running_ = nullptr;
}

/// Any thread may go on here.
void Execution::pause() { ::swapcontext(&running_->context, &scheduler_); }

/// Its stack is left as it stands.
void Execution::leave() {
  ::setcontext(&scheduler_);
  std::abort();
}

bool Execution::can_go_on(const Thread& thread) const {
  switch (thread.standing) {
    case Standing::Ready: return true;
    case Standing::Polls:
      return std::ranges::any_of(thread.looks, [&](const Look& look) {
        if (look.word < kWordsMax) return memory_.last_store(look.word) > look.store;
        return look.store == 0 && is_over(threads_[look.word - kWordsMax]);
      });
    case Standing::Locks: return !memory_.is_locked(thread.waits_for);
    case Standing::Reaps: return is_over(*thread.reaps);
    case Standing::Sleeps:
    case Standing::Ended:
    case Standing::Killed: return false;
  }
  return false;
}

std::uint64_t Execution::state() const {
  std::uint64_t hash = memory_.hash();
  for (const Thread& thread : threads_) {
    hash = mixed(mixed(hash, thread.history), static_cast<std::uint64_t>(thread.standing));
    if (thread.standing != Standing::Polls) continue;
    for (const Look& look : thread.looks) hash = mixed(hash, look.word << 8 | look.store);
  }
  return hash;
}

std::string Execution::run() {
  the_current = this;
  for (Thread& thread : threads_) resume(thread);
  while (failure_.empty()) {
    std::vector<Thread*> next;
    std::vector<Thread*> doomed;
    for (Thread& thread : threads_) {
      if (can_go_on(thread)) next.push_back(&thread);
      if (thread.mortal && !is_over(thread)) doomed.push_back(&thread);
    }
    if (std::ranges::all_of(threads_, [&](const Thread& each) { return is_over(each); })) break;
    if (next.empty() && doomed.empty()) {
      for (const Thread& each : threads_)
        if (!is_over(each)) failure_ += (failure_.empty() ? "" : ", ") + each.name + " waits for ever";
      break;
    }
    if (!choices_.is_new(state())) return the_current = nullptr, std::string{};
    const unsigned chosen = choices_.choose(static_cast<unsigned>(next.size() + doomed.size()));
    if (chosen >= next.size()) {
      Thread& killed = *doomed[chosen - next.size()];
      killed.standing = Standing::Killed;
      if (tracing_) trace_ += fmt::format("  {}: is killed\n", killed.name);
      continue;
    }
    next[chosen]->standing = Standing::Ready;
    resume(*next[chosen]);
  }
  if (failure_.empty())
    for (const auto& check : checks_) check();
  the_current = nullptr;
  return failure_.empty() ? std::string{} : failure_ + "\n" + trace_;
}

void Execution::fail(const std::string& what) {
  if (failure_.empty()) failure_ = (running_ == nullptr ? std::string{} : running_->name + ": ") + what;
  if (running_ != nullptr) leave();
}

template <typename... Values>
void Execution::trace(fmt::format_string<Values...> line, Values&&... values) {
  if (!tracing_) return;
  trace_ += fmt::format("  {}: {}\n", running_->name, fmt::format(line, std::forward<Values>(values)...));
}

// ---- Accesses

std::uint64_t Execution::load(const void* address, Order order) {
  const Memory::Word& word = memory_.at(address);
  if (running_ == nullptr) return word.stores.back().value;
  pause();
  const unsigned count = memory_.visible(number(*running_), address);
  const unsigned back = count == 1 ? 0 : choices_.choose(count);
  const std::uint64_t value = memory_.load(number(*running_), address, back, order);
  running_->looks.push_back({memory_.number_of(address), word.stores.size() - 1 - back});
  note(Access::Load, value);
  trace("sees {} in {}, {} behind", value, word.name, back);
  return value;
}

void Execution::store(const void* address, std::uint64_t value, Order order) {
  pause();
  if (const auto why = memory_.store(number(*running_), address, value, order); !why.empty()) fail(why);
  note(Access::Store, value);
  trace("puts {} into {}", value, memory_.at(address).name);
}

std::uint64_t Execution::exchange(const void* address, const std::function<std::uint64_t(std::uint64_t)>& change,
                                  Order order) {
  pause();
  const std::uint64_t before = memory_.load(number(*running_), address, 0, order);
  const std::uint64_t after = change(before);
  if (const auto why = memory_.store(number(*running_), address, after, order); !why.empty()) fail(why);
  note(Access::Exchange, before);
  trace("makes {} of {} in {}", after, before, memory_.at(address).name);
  return before;
}

void Execution::fence(Order order, bool sequential) {
  pause();
  memory_.fence(number(*running_), running_->name, order, sequential);
  note(Access::Fence, 0);
  trace("stands at a fence");
}

void Execution::read_data(const void* address, std::size_t bytes) {
  if (const auto why = memory_.read_data(number(*running_), address, bytes); !why.empty()) fail(why);
}

void Execution::write_data(const void* address, std::size_t bytes) {
  if (const auto why = memory_.write_data(number(*running_), address, bytes); !why.empty()) fail(why);
}

void Execution::step() {
  pause();
  note(Access::Step, 0);
}

// ---- Waiting

void Execution::futex_wait(const void* address, std::uint64_t expected) {
  pause();
  const std::uint64_t value = memory_.load(number(*running_), address, 0, Order::Relaxed);
  note(Access::Wait, value == expected ? 1 : 0);
  if (value != expected) return trace("does not sleep: it was rung for");
  trace("sleeps");
  running_->waits_for = address;
  running_->standing = Standing::Sleeps;
  pause();
  trace("wakes");
}

void Execution::futex_wake(const void* address) {
  pause();
  note(Access::Wake, 0);
  trace("wakes who sleeps");
  for (Thread& each : threads_)
    if (each.standing == Standing::Sleeps && each.waits_for == address) each.standing = Standing::Ready;
}

Execution::Thread& Execution::named(const std::string& name) {
  const auto found = std::ranges::find(threads_, name, &Thread::name);
  if (found == threads_.end()) fail("there is no thread " + name);
  return *found;
}

void Execution::reap(const std::string& name) {
  Thread& other = named(name);
  running_->reaps = &other;
  running_->standing = Standing::Reaps;
  pause();
  memory_.join(number(*running_), number(other));
  note(Access::Reap, other.history);
  trace("has waited for the end of {}", name);
}

bool Execution::has_ended(const std::string& name) {
  pause();
  const Thread& other = named(name);
  const bool ended = is_over(other);
  running_->looks.push_back({kWordsMax + number(other), ended ? 1u : 0u});
  note(Access::Ended, ended ? 1 : 0);
  if (ended) trace("sees that {} has ended", name);
  return ended;
}

void Execution::lock(const void* mutex) {
  running_->waits_for = mutex;
  running_->standing = Standing::Locks;
  pause();
  memory_.lock(number(*running_), mutex);
  note(Access::Lock, 0);
}

void Execution::unlock(const void* mutex) {
  memory_.unlock(number(*running_), mutex);
  note(Access::Unlock, 0);
}

std::uint64_t Execution::poll_begins() {
  running_->looks.clear();
  return running_->history;
}

void Execution::poll_failed(std::uint64_t begun) {
  running_->history = begun;
  running_->standing = Standing::Polls;
  pause();
  running_->looks.clear();
}

}  // namespace shunt::model
