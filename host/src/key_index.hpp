#pragma once
/// Where the one message of each key waits in a queue: a hash table over the queue's places, made once.
///
/// The keys are a plugin's to choose. What they hash to depends on a number that it does not know, so that it cannot
/// choose them to fall together and make every look-up a search. Not thread-safe: its owner has a lock.

#include <shunt/schemas/assert.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace shunt::host {

class KeyIndex {
 public:
  /// One that holds nothing and never will.
  KeyIndex() = default;
  /// For up to `places` keys at one time.
  explicit KeyIndex(std::size_t places) : entries_(slots_for(places)), secret_(make_secret()) {}

  /// What one takes of the host's private memory.
  [[nodiscard]] static constexpr std::size_t bytes(std::size_t places) noexcept {
    return slots_for(places) * sizeof(Entry);
  }

  /// None: no message of this key waits.
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint64_t key) const noexcept {
    const std::size_t slot = slot_of(key);
    return entries_[slot].used ? std::optional{entries_[slot].place} : std::nullopt;
  }

  /// A key that is not there yet.
  void put(std::uint64_t key, std::size_t place) noexcept {
    Entry& entry = entries_[slot_of(key)];
    SHUNT_ASSERT(!entry.used);
    entry = {key, static_cast<std::uint32_t>(place), true};
  }

  /// A key that is there. Those behind it move up, so that no search ends too early.
  void erase(std::uint64_t key) noexcept {
    std::size_t hole = slot_of(key);
    for (std::size_t at = next(hole); entries_[at].used; at = next(at)) {
      if (((at - home(entries_[at].key)) & mask()) < ((at - hole) & mask()))
        continue;  // it would stand before its home
      entries_[hole] = entries_[at];
      hole = at;
    }
    entries_[hole].used = false;
  }

 private:
  struct Entry {
    std::uint64_t key = 0;
    std::uint32_t place = 0;
    bool used = false;
  };

  /// At most half full: searches stay short.
  static constexpr std::size_t slots_for(std::size_t places) noexcept { return std::bit_ceil(2 * places + 2); }
  static std::uint64_t make_secret() {
    std::random_device random;
    return std::uint64_t{random()} << 32 | random();
  }

  [[nodiscard]] std::size_t mask() const noexcept { return entries_.size() - 1; }
  [[nodiscard]] std::size_t next(std::size_t slot) const noexcept { return (slot + 1) & mask(); }
  [[nodiscard]] std::size_t home(std::uint64_t key) const noexcept {
    std::uint64_t mixed = key ^ secret_;
    mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93u;
    mixed = (mixed ^ secret_ ^ mixed >> 32) * 0xd6e8feb86659fd93u;
    return static_cast<std::size_t>(mixed ^ mixed >> 32) & mask();
  }
  /// Where the key stands, or the free slot where it would.
  [[nodiscard]] std::size_t slot_of(std::uint64_t key) const noexcept {
    std::size_t slot = home(key);
    while (entries_[slot].used && entries_[slot].key != key) slot = next(slot);
    return slot;
  }

  std::vector<Entry> entries_;
  std::uint64_t secret_ = 0;
};

}  // namespace shunt::host
