/// What the compiler calls for each access of code that it was told to instrument: the interface of the thread
/// sanitizer's runtime (gcc, libsanitizer/tsan/tsan_interface.h and tsan_interface_atomic.h), of which this program
/// links none. And futexes, in the place of the kernel's.

#include "execution.hpp"

#include <shunt/bus/doorbell.hpp>

#include <cstring>

namespace shunt::model {
namespace {

/// As the compiler numbers them: relaxed, consume, acquire, release, acq_rel, seq_cst.
constexpr int kSequential = 5;

Order order_of_load(int order) { return order == 0 ? Order::Relaxed : Order::Acquire; }
Order order_of_store(int order) { return order >= 3 ? Order::Release : Order::Relaxed; }
Order order_of_both(int order) {
  switch (order) {
    case 0: return Order::Relaxed;
    case 3: return Order::Release;
    case 4:
    case kSequential: return Order::Both;
    default: return Order::Acquire;
  }
}

/// The one that a thread runs in, if it does.
Execution* running() {
  Execution* const current = Execution::current();
  return current != nullptr && current->in_thread() ? current : nullptr;
}

bool is_word(const volatile void* address) {
  Execution* const current = Execution::current();
  return current != nullptr && current->memory().is_word(const_cast<const void*>(address));
}

void read(const volatile void* address, std::size_t bytes) {
  if (Execution* const execution = running()) execution->read_data(const_cast<const void*>(address), bytes);
}
void write(const volatile void* address, std::size_t bytes) {
  if (Execution* const execution = running()) execution->write_data(const_cast<const void*>(address), bytes);
}

// What is atomic and no word, such as the members of a header, is data: somebody else has to order it.

template <typename T>
T load(const volatile T* address, int order) {
  if (is_word(address))
    return static_cast<T>(Execution::current()->load(const_cast<const T*>(address), order_of_load(order)));
  read(address, sizeof(T));
  return *address;
}

template <typename T>
void store(volatile T* address, T value, int order) {
  if (is_word(address)) return Execution::current()->store(const_cast<T*>(address), value, order_of_store(order));
  write(address, sizeof(T));
  *address = value;
}

template <typename T, typename Change>
T exchange(volatile T* address, int order, Change&& change) {
  if (is_word(address))
    return static_cast<T>(Execution::current()->exchange(
        const_cast<T*>(address), [&](std::uint64_t value) { return std::uint64_t{change(static_cast<T>(value))}; },
        order_of_both(order)));
  write(address, sizeof(T));
  const T before = *address;
  *address = change(before);
  return before;
}

}  // namespace
}  // namespace shunt::model

namespace shunt::bus::detail {

void futex_wait(const std::atomic<std::uint32_t>* word, std::uint32_t expected, std::chrono::nanoseconds) noexcept {
  model::Execution::current()->futex_wait(word, expected);  // for ever: a wake-up that is lost is lost
}
void futex_wake(const std::atomic<std::uint32_t>* word, int) noexcept { model::Execution::current()->futex_wake(word); }

}  // namespace shunt::bus::detail

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming,bugprone-macro-parentheses): not our names
extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_read_range(void* address, unsigned long bytes) { shunt::model::read(address, bytes); }
void __tsan_write_range(void* address, unsigned long bytes) { shunt::model::write(address, bytes); }

#define SHUNT_PLAIN(bytes)                                                       \
  void __tsan_read##bytes(void* address) { shunt::model::read(address, bytes); } \
  void __tsan_write##bytes(void* address) { shunt::model::write(address, bytes); }
SHUNT_PLAIN(1)
SHUNT_PLAIN(2)
SHUNT_PLAIN(4)
SHUNT_PLAIN(8)
SHUNT_PLAIN(16)
#undef SHUNT_PLAIN

#define SHUNT_UNALIGNED(bytes)                                                             \
  void __tsan_unaligned_read##bytes(void* address) { shunt::model::read(address, bytes); } \
  void __tsan_unaligned_write##bytes(void* address) { shunt::model::write(address, bytes); }
SHUNT_UNALIGNED(2)
SHUNT_UNALIGNED(4)
SHUNT_UNALIGNED(8)
SHUNT_UNALIGNED(16)
#undef SHUNT_UNALIGNED

#define SHUNT_ATOMIC(bits, T)                                                                                       \
  T __tsan_atomic##bits##_load(const volatile T* address, int order) { return shunt::model::load(address, order); } \
  void __tsan_atomic##bits##_store(volatile T* address, T value, int order) {                                       \
    shunt::model::store(address, value, order);                                                                     \
  }                                                                                                                 \
  T __tsan_atomic##bits##_exchange(volatile T* address, T value, int order) {                                       \
    return shunt::model::exchange(address, order, [&](T) { return value; });                                        \
  }                                                                                                                 \
  T __tsan_atomic##bits##_fetch_add(volatile T* address, T value, int order) {                                      \
    return shunt::model::exchange(address, order, [&](T before) { return static_cast<T>(before + value); });        \
  }
SHUNT_ATOMIC(8, std::uint8_t)
SHUNT_ATOMIC(16, std::uint16_t)
SHUNT_ATOMIC(32, std::uint32_t)
SHUNT_ATOMIC(64, std::uint64_t)
#undef SHUNT_ATOMIC

void __tsan_atomic_thread_fence(int order) {
  if (auto* const execution = shunt::model::running())
    execution->fence(shunt::model::order_of_both(order), order == shunt::model::kSequential);
}
void __tsan_atomic_signal_fence(int) {}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming,bugprone-macro-parentheses)
