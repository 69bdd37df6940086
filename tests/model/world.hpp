#pragma once
/// Runs code of the bus in every way that memory and scheduling allow, and says what went wrong in the first bad one.
///
///     const Verdict verdict = explore([](World& world) {
///       auto ring = std::make_shared<Ring>();
///       world.share(ring.get(), sizeof *ring);
///       world.word("commit", ring->commit);
///       world.thread("sender", [ring] { ring->push(7); });
///       world.thread("receiver", [ring] { until([&] { return ring->peek(); }); require(ring->read() == 7, "whole");
///       });
///     });
///     EXPECT_EQ(verdict.failure, "");
///
/// The code is the real one, unchanged: its file is compiled with -fsanitize=thread, so that the compiler calls a
/// function for each access, and these functions are ours (instrumentation.cpp). Before each access to an atomic word
/// any thread may go on instead; a load may see any store that it may. What has been seen before, in whatever order it
/// came about, is not looked at twice.

#include "memory.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace shunt::model {

class Execution;

/// One execution in the making. Everything that threads use belongs to their closures, which live as long as it.
class World {
 public:
  explicit World(Execution& execution) : execution_(execution) {}

  void share(const void* begin, std::size_t bytes);
  template <typename T>
  void word(std::string name, const std::atomic<T>& word) {
    this->word(std::move(name), &word, sizeof word);
  }
  /// At most kThreadsMax.
  void thread(std::string name, std::function<void()> run);
  /// The same, and it may be killed before any of its accesses.
  void mortal_thread(std::string name, std::function<void()> run);
  /// When all threads have ended, one way or the other.
  void at_end(std::function<void()> check);

 private:
  void word(std::string name, const void* address, std::size_t bytes);

  Execution& execution_;
};

struct Verdict {
  std::string failure;           ///< Empty: every execution went well. Else what happened, and how it came to that.
  std::uint64_t executions = 0;  ///< That were begun.
  std::uint64_t states = 0;      ///< Different ones.
};

/// `scenario` is called for each execution, and has to make the same world each time.
[[nodiscard]] Verdict explore(const std::function<void(World&)>& scenario, const Mutation& mutation = {});

// ---- For threads of a world

/// The execution is bad, unless this holds.
void require(bool holds, const char* what);
/// Something that takes time: others may go on here, and who is mortal may die.
void step();
/// Blocks until the thread of this name has ended or was killed, and knows all that it has done.
void reap(const char* thread);

/// Whether it has; for until(), too. What it has done is known after reap().
[[nodiscard]] bool has_ended(const char* thread);

/// Held while it lives. Of which mutex says the address of anything.
class Locked {
 public:
  explicit Locked(const void* mutex);
  ~Locked();
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  const void* mutex_;
};

/// For until(): what was done since is done again, and nothing of it counts.
std::uint64_t poll_begins();
/// Blocks until something that was looked at since has been stored anew.
void poll_failed(std::uint64_t begun);

/// Polls: `look()` until it gives something. It may change nothing when it gives nothing.
template <typename Look>
auto until(Look&& look) {
  const std::uint64_t begun = poll_begins();
  for (;; poll_failed(begun))
    if (auto found = look()) return found;
}

}  // namespace shunt::model
