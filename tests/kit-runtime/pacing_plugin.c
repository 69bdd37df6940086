/* A plugin in C11 with timers, whose handlers may run side by side: it aborts where two timers do, or one and health.
 */
#define _GNU_SOURCE
#include <shunt/plugin.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kTimers = 2, kMore = 3 };

struct plugin {
  shunt_runtime* runtime;
  const shunt_services* services;
  uint64_t timers[kTimers];
  atomic_bool alone;
  atomic_bool cleaned;
  atomic_uint fired;
  atomic_uint fired_once;
  atomic_uint asked;
  atomic_uint released;
};

static void* create(shunt_runtime* runtime, const shunt_services* services) {
  struct plugin* plugin = calloc(1, sizeof(*plugin));
  if (plugin == NULL) return NULL;
  plugin->runtime = runtime;
  plugin->services = services;
  return plugin;
}

static void destroy(void* self) { free(self); }
static int init(void* self, const shunt_setting* settings, size_t count, char* text, size_t text_bytes) {
  (void)self, (void)settings, (void)count, (void)text, (void)text_bytes;
  return SHUNT_OK;
}
static int validate(void* self, char* text, size_t text_bytes) {
  (void)self, (void)text, (void)text_bytes;
  return SHUNT_OK;
}

/* What runs beside no other of its kind, and not once cleanup has begun. */
static void alone(struct plugin* plugin, atomic_uint* count) {
  if (atomic_exchange(&plugin->alone, true) || atomic_load(&plugin->cleaned)) abort();
  usleep(500);
  atomic_fetch_add(count, 1);
  atomic_store(&plugin->alone, false);
}

static void fire(void* data, const shunt_message* message, const shunt_tick* tick) {
  struct plugin* plugin = data;
  if (message->index != SHUNT_NO_INDEX || tick->due_ns > plugin->services->clock_ns(plugin->runtime)) abort();
  alone(plugin, &plugin->fired);
}
static void fire_once(void* data, const shunt_message* message, const shunt_tick* tick) {
  struct plugin* plugin = data;
  (void)message, (void)tick;
  alone(plugin, &plugin->fired_once);
}
static void release(void* data) { atomic_fetch_add(&((struct plugin*)data)->released, 1); }

static int activate(void* self, char* text, size_t text_bytes) {
  struct plugin* plugin = self;
  const shunt_timer timer = {sizeof(timer), 0, 1000000, 1000000, fire, plugin, release};
  (void)text, (void)text_bytes;
  for (int i = 0; i < kTimers; ++i)
    if (plugin->services->timer_start(plugin->runtime, &timer, &plugin->timers[i]) != SHUNT_OK) abort();
  return SHUNT_OK;
}
static void cleanup(void* self) { atomic_store(&((struct plugin*)self)->cleaned, true); }

static int health(const void* self) {
  /* It counts, and the pointer is const. */
  struct plugin* plugin = (struct plugin*)(uintptr_t)self; /* NOLINT(performance-no-int-to-ptr) */
  alone(plugin, &plugin->asked);
  return SHUNT_SERVING;
}

static void await_more(atomic_uint* count, unsigned more) {
  const unsigned before = atomic_load(count);
  while (atomic_load(count) - before < more) usleep(100);
}

static void start_one(struct plugin* plugin) {
  const shunt_timer timer = {sizeof(timer), 0, 1000000, 0, fire_once, plugin, release};
  uint64_t id = 0;
  if (plugin->services->timer_start(plugin->runtime, &timer, &id) != SHUNT_OK) abort();
}

enum function { kUntilFired, kUntilAsked, kStartAndAwait, kStop, kReleased };

static void handle(void* self, const shunt_message* message) {
  struct plugin* plugin = self;
  switch ((enum function)message->index) {
    case kUntilFired: await_more(&plugin->fired, kTimers * kMore); break;
    case kUntilAsked: await_more(&plugin->asked, kMore); break;
    case kStartAndAwait:
      start_one(plugin);
      while (atomic_load(&plugin->fired_once) == 0) usleep(100);
      break;
    case kStop:
      for (int i = 0; i < kTimers; ++i) plugin->services->timer_cancel(plugin->runtime, plugin->timers[i]);
      break;
    case kReleased: break;
  }
  char text[32];
  const int bytes = snprintf(text, sizeof(text), "%u", atomic_load(&plugin->released));
  shunt_sample sample = {(uint8_t*)text, sizeof(text), 0};
  if (plugin->services->reply(plugin->runtime, message, &sample, 0, (size_t)bytes) != SHUNT_OK) abort();
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
    .health = health,
    .handle = handle,
};
