/* Lets orders through up to a quantity: a plugin in C11, straight on the C ABI, without a library of FlatBuffers'. */
#include "collar_contract.h" /* generated from plugin.toml: the numbers of functions and topics */
#include "flat.h"

#include <shunt/plugin.h>

#include <stdio.h>
#include <stdlib.h>

/* Values of shunt::ErrorCode (shunt/schemas/error.hpp). */
enum { kBadInput = 1, kBadPayload = 6, kUndeclared = 10 };

enum { kLanguageC = 1 }; /* collar.Language */

struct collar {
  shunt_runtime* runtime;
  const shunt_services* services;
  int64_t quantity_max;
};

/* A collar.Verdict as a FlatBuffer, field by field where a builder would have put it. */
struct verdict {
  uint32_t root;         /* Where the table starts. */
  uint16_t vtable_bytes; /* From here on, the list of the places within the table ... */
  uint16_t table_bytes;
  uint16_t allowed_at;
  uint16_t quantity_at;
  uint16_t made_by_at; /* ... to here. */
  uint16_t padding;
  int32_t vtable_back; /* The table: first, how far before it that list starts. */
  uint8_t allowed;
  uint8_t made_by;
  uint16_t more_padding;
  int64_t quantity;
};
_Static_assert(sizeof(struct verdict) == 32, "a payload is a multiple of 8");
#define AT(member) offsetof(struct verdict, member)
#define IN_TABLE(member) (AT(member) - AT(vtable_back))

static struct verdict verdict_of(int64_t quantity) {
  return (struct verdict){.root = AT(vtable_back),
                          .vtable_bytes = AT(padding) - AT(vtable_bytes),
                          .table_bytes = sizeof(struct verdict) - AT(vtable_back),
                          .allowed_at = IN_TABLE(allowed),
                          .quantity_at = IN_TABLE(quantity),
                          .made_by_at = IN_TABLE(made_by),
                          .vtable_back = AT(vtable_back) - AT(vtable_bytes),
                          .allowed = quantity != 0,
                          .made_by = kLanguageC,
                          .quantity = quantity};
}

static void fail(struct collar* self, const shunt_message* message, int code, const char* text) {
  self->services->fail(self->runtime, message, code, text, strlen(text));
}

/* What becomes of the order in `message`. False: it was answered with an error. */
static bool judge(struct collar* self, const shunt_message* message, struct verdict* out) {
  struct flat_table order;
  int64_t quantity = 0;
  double price = 0;
  if (!flat_open(message->payload, message->payload_bytes, &order) ||
      !flat_scalar(&order, 0, &quantity, sizeof(quantity)) || !flat_scalar(&order, 1, &price, sizeof(price))) {
    fail(self, message, kBadPayload, "this is not a collar.Order; build the sender from the same schema");
    return false;
  }
  if (!(price > 0)) {
    fail(self, message, kBadInput, "a price must be above 0");
    return false;
  }
  if (quantity > self->quantity_max) quantity = self->quantity_max;
  if (quantity < -self->quantity_max) quantity = -self->quantity_max;
  *out = verdict_of(quantity);
  return true;
}

/* Memory of our own: the services copy it into the message. */
static shunt_sample sample_of(struct verdict* verdict) {
  return (shunt_sample){(uint8_t*)verdict, sizeof(*verdict), 0};
}

static void* create(shunt_runtime* runtime, const shunt_services* services) {
  if (services->size < sizeof(shunt_services)) return NULL; /* a launcher that is older than our header */
  struct collar* self = calloc(1, sizeof(*self));
  if (self == NULL) return NULL;
  self->runtime = runtime;
  self->services = services;
  return self;
}

static void destroy(void* self) { free(self); }

/* The host has checked the values against plugin.toml, and added the defaults. */
static int init(void* context, const shunt_setting* settings, size_t count, char* text, size_t text_bytes) {
  struct collar* self = context;
  for (size_t i = 0; i < count; ++i)
    if (strcmp(settings[i].key, "quantity-max") == 0) self->quantity_max = strtoll(settings[i].value, NULL, 10);
  if (self->quantity_max > 0) return SHUNT_OK;
  snprintf(text, text_bytes, "quantity-max is %lld; it must be above 0", (long long)self->quantity_max);
  return kBadInput;
}

static int succeed(void* self, char* text, size_t text_bytes) {
  (void)self, (void)text, (void)text_bytes;
  return SHUNT_OK;
}

static void cleanup(void* self) { (void)self; }

static void handle(void* context, const shunt_message* message) {
  struct collar* self = context;
  if (message->index != COLLAR_FUNCTION_JUDGE) {
    fail(self, message, kUndeclared, "there is no such function; launcher and plugin disagree about the manifest");
    return;
  }
  struct verdict verdict;
  if (!judge(self, message, &verdict)) return;
  shunt_sample sample = sample_of(&verdict);
  const int code = self->services->reply(self->runtime, message, &sample, 0, sizeof(verdict));
  if (code != SHUNT_OK) fail(self, message, code, self->services->last_error(self->runtime));
}

static void receive(void* context, const shunt_message* message) {
  struct collar* self = context;
  if (message->index != COLLAR_TOPIC_IN_COLLAR_ORDERS) return;
  struct verdict verdict;
  if (!judge(self, message, &verdict)) return;
  shunt_sample sample = sample_of(&verdict);
  const int code =
      self->services->publish(self->runtime, COLLAR_TOPIC_OUT_COLLAR_VERDICTS, &sample, 0, sizeof(verdict));
  if (code != SHUNT_OK) fail(self, message, code, self->services->last_error(self->runtime));
}

const shunt_plugin shunt_plugin_descriptor = {
    .abi = SHUNT_ABI,
    .size = sizeof(shunt_plugin),
    .create = create,
    .destroy = destroy,
    .init = init,
    .validate = succeed,
    .activate = succeed,
    .cleanup = cleanup,
    .handle = handle,
    .receive = receive,
};
