/* Leaves a last will over the C ABI: one that is as it should be, none, or what its configuration says. Each request
 * makes it leave bytes that are none. */
#include "heir_contract.h"

#include <shunt/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct heir {
  shunt_runtime* runtime;
  const shunt_services* services;
  char trouble[32];
};

/* A News of which every member is its default: root, vtable of no members, table. */
static const _Alignas(8) uint8_t kNews[16] = {8, 0, 0, 0, 4, 0, 4, 0, 4, 0, 0, 0};
static const _Alignas(8) uint8_t kGarbage[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void* create(shunt_runtime* runtime, const shunt_services* services) {
  struct heir* heir = calloc(1, sizeof(*heir));
  if (heir == NULL) return NULL;
  heir->runtime = runtime;
  heir->services = services;
  return heir;
}

static void destroy(void* self) { free(self); }

static int leave(struct heir* heir, uint32_t topic, const uint8_t* payload, size_t bytes) {
  const shunt_publication how = {sizeof(how), topic, 0, 0, 0, 0};
  return heir->services->set_will(heir->runtime, &how, payload, bytes);
}

static int said(struct heir* heir, int code, char* text, size_t text_bytes) {
  if (code != SHUNT_OK) snprintf(text, text_bytes, "%s", heir->services->last_error(heir->runtime));
  return code;
}

static int init(void* self, const shunt_setting* settings, size_t count, char* text, size_t text_bytes) {
  struct heir* heir = self;
  for (size_t i = 0; i < count; ++i)
    if (strcmp(settings[i].key, "trouble") == 0)
      snprintf(heir->trouble, sizeof(heir->trouble), "%s", settings[i].value);
  if (strcmp(heir->trouble, "early") != 0) return SHUNT_OK;
  return said(heir, leave(heir, HEIR_TOPIC_OUT_HERALD_QUOTES, kNews, sizeof(kNews)), text, text_bytes);
}

static int validate(void* self, char* text, size_t text_bytes) {
  static uint8_t large[5000];
  struct heir* heir = self;
  if (strcmp(heir->trouble, "unset") == 0) return SHUNT_OK;
  if (strcmp(heir->trouble, "undeclared") == 0)
    return said(heir, leave(heir, HEIR_TOPIC_OUT_HEIR_NEWS, kNews, sizeof(kNews)), text, text_bytes);
  if (strcmp(heir->trouble, "large") == 0)
    return said(heir, leave(heir, HEIR_TOPIC_OUT_HERALD_QUOTES, large, sizeof(large)), text, text_bytes);
  if (strcmp(heir->trouble, "garbage") == 0)
    return said(heir, leave(heir, HEIR_TOPIC_OUT_HERALD_QUOTES, kGarbage, sizeof(kGarbage)), text, text_bytes);
  return said(heir, leave(heir, HEIR_TOPIC_OUT_HERALD_QUOTES, kNews, sizeof(kNews)), text, text_bytes);
}

static int activate(void* self, char* text, size_t text_bytes) {
  (void)self, (void)text, (void)text_bytes;
  return SHUNT_OK;
}

static void cleanup(void* self) { (void)self; }

static void handle(void* self, const shunt_message* message) {
  struct heir* heir = self;
  leave(heir, HEIR_TOPIC_OUT_HERALD_QUOTES, kGarbage, sizeof(kGarbage));
  heir->services->fail(heir->runtime, message, 0, "it left bytes that are none", 27);
}

const shunt_plugin shunt_plugin_descriptor = {
    .abi = SHUNT_ABI,
    .size = sizeof(shunt_plugin),
    .create = create,
    .destroy = destroy,
    .init = init,
    .validate = validate,
    .activate = activate,
    .cleanup = cleanup,
    .handle = handle,
};
