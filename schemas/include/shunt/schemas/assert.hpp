#pragma once
/// SHUNT_ASSERT: our own bug, in every build: one line on stderr, then abort(). A peer's misbehaviour is never an
/// assertion. The condition is evaluated once; it must hold no lock that a signal handler needs.

#include <cstdio>
#include <cstdlib>

#define SHUNT_ASSERT(condition)                                                                                      \
  do {                                                                                                               \
    if (__builtin_expect(!(condition), 0)) {                                                                         \
      std::fprintf(stderr, "shunt: internal error: %s (%s:%d); please report it\n", #condition, __FILE__, __LINE__); \
      std::abort();                                                                                                  \
    }                                                                                                                \
  } while (false)
