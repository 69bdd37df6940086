#pragma once
/// Memory as C++ has it, not as one processor does: a load may see any store that nothing has hidden from it yet.
///
/// Every atomic word keeps all its stores. A thread has a *view*: for each word the oldest store that it may still see.
/// A release store takes its thread's view along, an acquire load that sees it joins that; two seq_cst fences order the
/// views of their threads one way or the other. That is release/acquire C++20 with words that nobody stores to who does
/// not know the last store, as where one thread writes each word, or several do under a lock: it is checked. What it
/// leaves out: a load that sees a store which comes later in all orders (it would have to be out of thin air, or a
/// relaxed load moved behind a relaxed store). All that is not an atomic word is data, and has to be ordered by those:
/// a race is a failure.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace shunt::model {

inline constexpr std::size_t kThreadsMax = 4;
inline constexpr std::size_t kWordsMax = 40;

/// What a thread knows of the others.
struct View {
  std::array<std::uint8_t, kWordsMax> seen{};     ///< By word: the number of the oldest store that it may see.
  std::array<std::uint8_t, kThreadsMax> clock{};  ///< By thread: up to which of its releases it has happened before.

  void join(const View& other) noexcept;
  friend bool operator==(const View&, const View&) = default;
};

enum class Order : std::uint8_t { Relaxed, Acquire, Release, Both };

/// A memory order that is weakened, or a fence that is left out: what a test shows to be needed.
struct Mutation {
  std::string name;  ///< Of a word, for loads and stores; of a thread, for its fences. Empty: nothing is changed.
  enum class What : std::uint8_t { Load, Store, Fence } what = What::Load;
};

class Memory {
 public:
  explicit Memory(const Mutation& mutation) : mutation_(mutation) {}

  /// Bytes that more than one thread touches. What is no word in there is data.
  void share(const void* begin, std::size_t bytes);
  /// An atomic word, with the value that it has now.
  void word(std::string name, const void* address, std::size_t bytes);
  [[nodiscard]] bool is_word(const void* address) const { return words_by_address_.contains(address); }
  [[nodiscard]] bool is_data(const void* address) const;

  struct Word {
    std::string name;
    const void* address = nullptr;
    std::size_t bytes = 0;
    struct Store {
      std::uint64_t value = 0;
      View released;
    };
    std::vector<Store> stores{};
    std::uint64_t hash = 0;  ///< Of all stores.
  };
  [[nodiscard]] Word& at(const void* address) { return words_[words_by_address_.at(address)]; }
  [[nodiscard]] std::size_t words() const noexcept { return words_.size(); }
  [[nodiscard]] std::size_t number_of(const void* address) const { return words_by_address_.at(address); }
  [[nodiscard]] std::size_t last_store(std::size_t word) const noexcept { return words_[word].stores.size() - 1; }

  /// How many stores the thread may see there.
  [[nodiscard]] unsigned visible(unsigned thread, const void* address) const;
  /// Sees the one that is `back` before the latest.
  std::uint64_t load(unsigned thread, const void* address, unsigned back, Order order);
  /// Empty, or why that may not be.
  [[nodiscard]] std::string store(unsigned thread, const void* address, std::uint64_t value, Order order);
  void fence(unsigned thread, const std::string& thread_name, Order order, bool sequential);
  /// The thread knows all that `other` has done, as one that has waited for its end.
  void join(unsigned thread, unsigned other) {
    release(other);
    threads_[thread].now.join(threads_[other].now);
  }

  /// Of a mutex, whatever object it is known by.
  [[nodiscard]] bool is_locked(const void* mutex) const;
  void lock(unsigned thread, const void* mutex);
  void unlock(unsigned thread, const void* mutex);

  /// Of data: empty, or with whom it races.
  [[nodiscard]] std::string read_data(unsigned thread, const void* address, std::size_t bytes);
  [[nodiscard]] std::string write_data(unsigned thread, const void* address, std::size_t bytes);

  /// Of everything that decides what may happen from now on, but the threads' own variables.
  [[nodiscard]] std::uint64_t hash() const;

 private:
  struct Thread {
    View now;
    View acquired;              ///< What an acquire fence would join: of stores that relaxed loads have seen.
    View released;              ///< What a relaxed store takes along: as it was at the last release fence.
    bool touched_data = false;  ///< Since its clock went on.
  };
  struct Datum {  ///< Eight bytes of data.
    int writer = -1;
    std::uint8_t written = 0;                      ///< At which clock of the writer.
    std::array<std::uint8_t, kThreadsMax> read{};  ///< By thread: at which clock + 1 last; 0: not since the write.
    bool touched = false;
  };
  template <typename Visit>
  std::string each_datum(const void* address, std::size_t bytes, Visit&& visit);
  /// What it has done so far is before whatever sees the clock from now on.
  void release(unsigned thread) {
    if (std::exchange(threads_[thread].touched_data, false)) ++threads_[thread].now.clock[thread];
  }
  [[nodiscard]] bool is_mutated(const std::string& name, Mutation::What what) const {
    return mutation_.what == what && mutation_.name == name;
  }

  const Mutation& mutation_;
  std::array<Thread, kThreadsMax> threads_{};
  std::array<std::uint8_t, kWordsMax> sequential_{};  // the view that seq_cst fences share
  std::vector<Word> words_;
  std::map<const void*, std::size_t> words_by_address_;
  struct Region {
    std::uintptr_t begin = 0;
    std::vector<Datum> data;
    std::vector<std::size_t> touched{};  ///< Of the data.
  };
  std::vector<Region> regions_;
  struct Mutex {
    bool locked = false;
    View released;
  };
  std::map<const void*, Mutex> mutexes_;
};

/// Mixes a number into a hash.
[[nodiscard]] std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) noexcept;

}  // namespace shunt::model
