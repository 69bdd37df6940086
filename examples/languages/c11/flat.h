#ifndef COLLAR_FLAT_H
#define COLLAR_FLAT_H
/*
 * Reads scalars of a FlatBuffers table whose bytes nobody has checked: every access lies in the payload or fails. For
 * little-endian machines, which is how a FlatBuffer lies in memory.
 *
 *     struct flat_table order;
 *     int64_t quantity = 0;                             // the schema's default, for a field that was left out
 *     if (!flat_open(message->payload, message->payload_bytes, &order)) refuse();
 *     if (!flat_scalar(&order, 0, &quantity, sizeof(quantity))) refuse();      // 0: the first field of the table
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct flat_table {
  const uint8_t* payload;
  size_t bytes;
  size_t table;        /* Where it starts in the payload. */
  size_t vtable;       /* Where the list of its fields' places starts ... */
  size_t vtable_bytes; /* ... and how long that is: 4, and 2 for each field. */
  size_t table_bytes;
};

static inline bool flat_read(const struct flat_table* from, size_t at, void* out, size_t count) {
  if (count > from->bytes || at > from->bytes - count) return false;
  memcpy(out, from->payload + at, count);
  return true;
}

/* The root table. False: this is no table, and `out` is not to be used. */
static inline bool flat_open(const uint8_t* payload, size_t bytes, struct flat_table* out) {
  uint32_t root = 0;
  int32_t back = 0;
  uint16_t sizes[2] = {0, 0};
  out->payload = payload;
  out->bytes = bytes;
  if (!flat_read(out, 0, &root, sizeof(root)) || !flat_read(out, root, &back, sizeof(back))) return false;
  const int64_t vtable = (int64_t)root - back;
  if (vtable < 0 || !flat_read(out, (size_t)vtable, sizes, sizeof(sizes))) return false;
  out->table = root;
  out->vtable = (size_t)vtable;
  out->vtable_bytes = sizes[0];
  out->table_bytes = sizes[1];
  return sizes[0] >= 4 && sizes[0] % 2 == 0 && sizes[0] <= bytes - out->vtable && sizes[1] >= 4 &&
         sizes[1] <= bytes - root;
}

/* The field with this number, counted from 0 as the schema has it. Leaves `value` alone when the field was left out. */
static inline bool flat_scalar(const struct flat_table* from, size_t field, void* value, size_t count) {
  const size_t entry = 4 + 2 * field;
  uint16_t at = 0;
  if (entry + 2 > from->vtable_bytes) return true; /* written with an older schema */
  if (!flat_read(from, from->vtable + entry, &at, sizeof(at))) return false;
  if (at == 0) return true;
  if (at < 4 || count > from->table_bytes || at > from->table_bytes - count) return false;
  return flat_read(from, from->table + at, value, count);
}

#endif
