/* Preloaded into a launcher, or linked: counts what the process takes from the heap, on every thread, and on each. */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* memory, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);

static atomic_uint_least64_t allocations;

uint64_t shunt_test_allocations(void);
uint64_t shunt_test_allocations(void) { return atomic_load_explicit(&allocations, memory_order_relaxed); }

static _Thread_local uint64_t allocations_here;

uint64_t shunt_test_allocations_here(void);
uint64_t shunt_test_allocations_here(void) { return allocations_here; }

static void count(void) {
  atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  ++allocations_here;
}

void* malloc(size_t bytes) {
  count();
  return __libc_malloc(bytes);
}

void* calloc(size_t number, size_t bytes) {
  count();
  return __libc_calloc(number, bytes);
}

void* realloc(void* memory, size_t bytes) {
  count();
  return __libc_realloc(memory, bytes);
}

void* aligned_alloc(size_t alignment, size_t bytes) {
  count();
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void** out, size_t alignment, size_t bytes) {
  count();
  *out = __libc_memalign(alignment, bytes);
  return *out == NULL ? 12 /* ENOMEM */ : 0;
}
