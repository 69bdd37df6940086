#pragma once
/// Read-copy-update, liburcu's bp flavour: readers pay two stores to their own line. It is the flavour whose readers
/// never wake who waits for them, which would be a system call (docs/decisions/0030-readers-that-wake-nobody.md).
///
///     const RcuReader reader;                     // no wait, no user code, no builder while it lives
///     const RouteTable& table = tables.current();

// Inlines the read side; allowed for any licence, because those functions are short. Not where sanitizers look: liburcu
// keeps its readers where they are not aligned as it declares them, which only code of its own may do.
#if !defined(_LGPL_SOURCE) && !defined(SHUNT_SANITIZED)
#define _LGPL_SOURCE
#endif
#include <urcu/urcu-bp.h>

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace shunt::host {

/// liburcu is built without the thread sanitizer: these tell it that what readers did comes before what is done after
/// their grace period.
#ifdef __SANITIZE_THREAD__
inline char rcu_readers;
inline void note_read_ends() noexcept { __tsan_release(&rcu_readers); }
inline void note_readers_are_through() noexcept { __tsan_acquire(&rcu_readers); }
#else
inline void note_read_ends() noexcept {}
inline void note_readers_are_through() noexcept {}
#endif

/// A thread's first one registers it for as long as the thread lives: that takes a lock of liburcu, and memory.
class RcuReader {
 public:
  RcuReader() { urcu_bp_read_lock(); }
  ~RcuReader() {
    note_read_ends();
    urcu_bp_read_unlock();
  }
  RcuReader(const RcuReader&) = delete;
  RcuReader& operator=(const RcuReader&) = delete;
};

}  // namespace shunt::host
