/* The same from a library of the system. */

#include <libelf.h>
#include <stdint.h>

uint64_t lend(uint64_t number);
uint64_t lend(uint64_t number) { return elf_version(EV_CURRENT) == EV_NONE ? 0 : 2 * number + 1; }
