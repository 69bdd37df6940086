#include "memory.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace shunt::model {

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) noexcept {
  // splitmix64's finish (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
  std::uint64_t mix = hash + 0x9e3779b97f4a7c15 + value;
  mix = (mix ^ (mix >> 30)) * 0xbf58476d1ce4e5b9;
  mix = (mix ^ (mix >> 27)) * 0x94d049bb133111eb;
  return mix ^ (mix >> 31);
}

namespace {

template <std::size_t count>
void raise_to(std::array<std::uint8_t, count>& to, const std::array<std::uint8_t, count>& other) noexcept {
  for (std::size_t i = 0; i < count; ++i) to[i] = std::max(to[i], other[i]);
}

template <std::size_t count>
std::uint64_t mixed(std::uint64_t hash, const std::array<std::uint8_t, count>& bytes) noexcept {
  static_assert(count % 4 == 0);
  for (std::size_t i = 0; i < count; i += 4) {
    std::uint32_t four;
    std::memcpy(&four, bytes.data() + i, sizeof four);
    hash = model::mixed(hash, four);
  }
  return hash;
}

std::uint64_t mixed(std::uint64_t hash, const View& view) noexcept { return mixed(mixed(hash, view.seen), view.clock); }

constexpr std::size_t kStoresMax = 100;

bool acquires(Order order) noexcept { return order == Order::Acquire || order == Order::Both; }
bool releases(Order order) noexcept { return order == Order::Release || order == Order::Both; }

}  // namespace

void View::join(const View& other) noexcept {
  raise_to(seen, other.seen);
  raise_to(clock, other.clock);
}

void Memory::share(const void* begin, std::size_t bytes) {
  regions_.push_back({reinterpret_cast<std::uintptr_t>(begin), std::vector<Datum>((bytes + 7) / 8)});
}

void Memory::word(std::string name, const void* address, std::size_t bytes) {
  if (words_.size() == kWordsMax) throw std::length_error("a world has more words than kWordsMax");
  Word& word = words_.emplace_back(Word{.name = std::move(name), .address = address, .bytes = bytes});
  std::uint64_t value = 0;
  std::memcpy(&value, address, bytes);
  word.stores.push_back({value, {}});
  words_by_address_[address] = words_.size() - 1;
}

bool Memory::is_data(const void* address) const {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  return std::ranges::any_of(
             regions_,
             [&](const Region& each) { return at >= each.begin && at < each.begin + 8 * each.data.size(); }) &&
         !is_word(address);
}

unsigned Memory::visible(unsigned thread, const void* address) const {
  const std::size_t word = number_of(address);
  return static_cast<unsigned>(words_[word].stores.size() - threads_[thread].now.seen[word]);
}

std::uint64_t Memory::load(unsigned thread, const void* address, unsigned back, Order order) {
  const std::size_t number = number_of(address);
  const Word& word = words_[number];
  const std::size_t store = word.stores.size() - 1 - back;
  Thread& by = threads_[thread];
  by.now.seen[number] = static_cast<std::uint8_t>(store);
  const View& released = word.stores[store].released;
  if (acquires(order) && !is_mutated(word.name, Mutation::What::Load)) by.now.join(released);
  else by.acquired.join(released);
  return word.stores[store].value;
}

std::string Memory::store(unsigned thread, const void* address, std::uint64_t value, Order order) {
  const std::size_t number = number_of(address);
  Word& word = words_[number];
  if (word.stores.size() == kStoresMax) return "there is no end to what is written to " + word.name;
  Thread& by = threads_[thread];
  if (by.now.seen[number] + std::size_t{1} != word.stores.size()) return "two threads write " + word.name;
  by.now.seen[number] = static_cast<std::uint8_t>(word.stores.size());
  const bool released = releases(order) && !is_mutated(word.name, Mutation::What::Store);
  if (released) release(thread);
  View along = released ? by.now : by.released;
  along.seen[number] = by.now.seen[number];
  word.stores.push_back({value, along});
  word.hash = mixed(model::mixed(word.hash, value), along);
  return {};
}

void Memory::fence(unsigned thread, const std::string& thread_name, Order order, bool sequential) {
  if (is_mutated(thread_name, Mutation::What::Fence)) return;
  Thread& by = threads_[thread];
  if (acquires(order)) by.now.join(by.acquired);
  if (sequential) {
    raise_to(by.now.seen, sequential_);
    sequential_ = by.now.seen;
  }
  if (releases(order)) {
    release(thread);
    by.released = by.now;
  }
}

template <typename Visit>
std::string Memory::each_datum(const void* address, std::size_t bytes, Visit&& visit) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  for (Region& region : regions_) {
    if (at < region.begin || at >= region.begin + 8 * region.data.size()) continue;
    for (std::size_t i = (at - region.begin) / 8; i <= (at + bytes - 1 - region.begin) / 8; ++i) {
      if (!std::exchange(region.data[i].touched, true)) region.touched.push_back(i);
      if (std::string why = visit(region.data[i]); !why.empty()) return why;
    }
  }
  return {};
}

std::string Memory::read_data(unsigned thread, const void* address, std::size_t bytes) {
  return each_datum(address, bytes, [&](Datum& datum) -> std::string {
    threads_[thread].touched_data = true;
    const View& now = threads_[thread].now;
    const bool is_ordered = datum.writer < 0 || datum.writer == static_cast<int>(thread) ||
                            now.clock[static_cast<std::size_t>(datum.writer)] > datum.written;
    if (!is_ordered) return "it reads what is being written";
    datum.read[thread] = static_cast<std::uint8_t>(now.clock[thread] + 1);
    return {};
  });
}

std::string Memory::write_data(unsigned thread, const void* address, std::size_t bytes) {
  return each_datum(address, bytes, [&](Datum& datum) -> std::string {
    threads_[thread].touched_data = true;
    const View& now = threads_[thread].now;
    for (std::size_t other = 0; other < kThreadsMax; ++other)
      if (other != thread && datum.read[other] > now.clock[other]) return "it writes what is being read";
    if (datum.writer >= 0 && datum.writer != static_cast<int>(thread) &&
        now.clock[static_cast<std::size_t>(datum.writer)] <= datum.written)
      return "it writes what is being written";
    datum = {.writer = static_cast<int>(thread), .written = now.clock[thread], .read = {}, .touched = true};
    return {};
  });
}

bool Memory::is_locked(const void* mutex) const {
  const auto found = mutexes_.find(mutex);
  return found != mutexes_.end() && found->second.locked;
}

void Memory::lock(unsigned thread, const void* mutex) {
  Mutex& state = mutexes_[mutex];
  state.locked = true;
  threads_[thread].now.join(state.released);
}

void Memory::unlock(unsigned thread, const void* mutex) {
  release(thread);
  mutexes_[mutex] = {false, threads_[thread].now};
}

std::uint64_t Memory::hash() const {
  std::uint64_t hash = mixed(0, sequential_);
  for (const Thread& thread : threads_) hash = model::mixed(hash, thread.touched_data ? 1 : 0);
  for (const Thread& thread : threads_)
    for (const View* view : {&thread.now, &thread.acquired, &thread.released}) hash = mixed(hash, *view);
  for (const Word& word : words_) hash = model::mixed(hash, word.hash);
  for (const Region& region : regions_) {
    std::uint64_t data = 0;  // in whatever order it was touched
    for (const std::size_t each : region.touched) {
      const Datum& datum = region.data[each];
      const auto written = static_cast<std::uint64_t>(datum.writer + 1) << 8 | datum.written;
      data += mixed(model::mixed(model::mixed(0, each), written), datum.read);
    }
    hash = model::mixed(hash, data);
  }
  for (const auto& [mutex, state] : mutexes_) hash = mixed(model::mixed(hash, state.locked ? 1 : 0), state.released);
  return hash;
}

}  // namespace shunt::model
