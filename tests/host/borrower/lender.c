/* A library that a plugin brings along, and that leaves its work to another one. */

#include <stdint.h>

#ifdef LENDER
uint64_t save(uint64_t number);
uint64_t lend(uint64_t number);
uint64_t lend(uint64_t number) { return save(number) + 1; }
#else
uint64_t save(uint64_t number);
uint64_t save(uint64_t number) { return 2 * number; }
#endif
