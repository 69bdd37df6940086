#pragma once
/// Read-copy-update, liburcu's memb flavour: readers pay two stores to their own line.
///
///     const RcuReader reader;                     // no wait, no user code, no builder while it lives
///     const RouteTable& table = tables.current();

#ifndef _LGPL_SOURCE
#define _LGPL_SOURCE  // inlines the read side; allowed for any licence, because those functions are short
#endif
#include <urcu/urcu-memb.h>

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

/// Registers the calling thread for as long as it lives, on its first read.
inline void register_rcu_thread() {
  struct Registration {
    Registration() { urcu_memb_register_thread(); }
    ~Registration() { urcu_memb_unregister_thread(); }
  };
  thread_local const Registration kRegistration;
  static_cast<void>(kRegistration);
}

class RcuReader {
 public:
  RcuReader() {
    register_rcu_thread();
    urcu_memb_read_lock();
  }
  ~RcuReader() {
    note_read_ends();
    urcu_memb_read_unlock();
  }
  RcuReader(const RcuReader&) = delete;
  RcuReader& operator=(const RcuReader&) = delete;
};

}  // namespace shunt::host
