#pragma once
/// One way in which the threads of a world run: who goes on, and what each load sees, is asked of a `Choose`.

#include "memory.hpp"
#include "world.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <ucontext.h>

namespace shunt::model {

/// One of `count` ways, from 0; or none: what follows has been looked at.
class Choices {
 public:
  [[nodiscard]] virtual unsigned choose(unsigned count) = 0;
  /// Before the threads go on from here. False: somebody has been here.
  [[nodiscard]] virtual bool is_new(std::uint64_t state) = 0;

 protected:
  ~Choices() = default;
};

class Execution {
 public:
  /// `tracing`: a failure says how it came to that.
  Execution(Choices& choices, const Mutation& mutation, bool tracing)
      : choices_(choices), memory_(mutation), tracing_(tracing) {}

  // ---- World's.
  [[nodiscard]] Memory& memory() noexcept { return memory_; }
  void add(std::string name, std::function<void()> run, bool mortal);
  void at_end(std::function<void()> check) { checks_.push_back(std::move(check)); }

  /// To its end, or to where somebody has been. What went wrong, with the way there; else empty.
  [[nodiscard]] std::string run();

  // ---- Of the thread that runs, or of nobody while a world is made and when all have ended.
  [[nodiscard]] static Execution* current() noexcept;
  [[nodiscard]] bool in_thread() const noexcept { return running_ != nullptr; }
  std::uint64_t load(const void* address, Order order);
  void store(const void* address, std::uint64_t value, Order order);
  /// Sees the latest store, whatever it is, and puts `change(value)` in its place.
  std::uint64_t exchange(const void* address, const std::function<std::uint64_t(std::uint64_t)>& change, Order order);
  void fence(Order order, bool sequential);
  void read_data(const void* address, std::size_t bytes);
  void write_data(const void* address, std::size_t bytes);
  /// As the kernel does: no look is older than the latest store, and nobody wakes before the sleep begins.
  void futex_wait(const void* address, std::uint64_t expected);
  void futex_wake(const void* address);
  void step();
  void reap(const std::string& name);
  [[nodiscard]] bool has_ended(const std::string& name);
  void lock(const void* mutex);
  void unlock(const void* mutex);
  void fail(const std::string& what);
  [[nodiscard]] std::uint64_t poll_begins();
  void poll_failed(std::uint64_t begun);

 private:
  enum class Standing : std::uint8_t { Ready, Polls, Sleeps, Locks, Reaps, Ended, Killed };
  struct Look {
    std::size_t word = 0;  ///< From kWordsMax on: whether the thread of that number had ended.
    std::size_t store = 0;
  };
  struct Thread {
    std::string name;
    std::function<void()> run;
    bool mortal = false;
    Standing standing = Standing::Ready;
    const void* waits_for = nullptr;  ///< Sleeps: on this word. Locks: this mutex.
    Thread* reaps = nullptr;
    std::uint64_t history = 0;  ///< Hash of all that it has seen: with that its own variables are the same.
    std::vector<Look> looks{};  ///< Since the poll began.
    ucontext_t context{};
    std::unique_ptr<char[]> stack{};
  };

  static void enter();
  void resume(Thread& thread);
  void pause();
  [[noreturn]] void leave();
  [[nodiscard]] unsigned number(const Thread& thread) const { return static_cast<unsigned>(&thread - threads_.data()); }
  [[nodiscard]] bool can_go_on(const Thread& thread) const;
  [[nodiscard]] Thread& named(const std::string& name);
  [[nodiscard]] bool is_over(const Thread& thread) const {
    return thread.standing == Standing::Ended || thread.standing == Standing::Killed;
  }
  [[nodiscard]] std::uint64_t state() const;
  template <typename Access>
  void note(Access what, std::uint64_t value) {
    running_->history = mixed(mixed(running_->history, static_cast<std::uint64_t>(what)), value);
  }
  template <typename... Values>
  void trace(fmt::format_string<Values...> line, Values&&... values);

  Choices& choices_;
  Memory memory_;
  std::vector<Thread> threads_;
  std::vector<std::function<void()>> checks_;
  Thread* running_ = nullptr;
  ucontext_t scheduler_{};
  std::string failure_;
  const bool tracing_;
  std::string trace_;
};

}  // namespace shunt::model
