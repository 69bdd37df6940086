/* Timers over plugin.h alone: a request starts one, which publishes what it is told and ends itself. */
#include <shunt/plugin.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plugin {
  shunt_runtime* runtime;
  const shunt_services* services;
  uint64_t timer;
  int fired;
  int released;
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

static int succeed(void* self, char* text, size_t text_bytes) {
  (void)self, (void)text, (void)text_bytes;
  return SHUNT_OK;
}

static void cleanup(void* self) { (void)self; }

static int health(const void* self) {
  (void)self;
  return 7; /* Which is none. */
}

static void fire(void* data, const shunt_message* message, const shunt_tick* tick) {
  struct plugin* plugin = data;
  char text[64];
  const int bytes =
      snprintf(text, sizeof(text), "%d %d %d", ++plugin->fired, message->index == SHUNT_NO_INDEX,
               tick->timer == plugin->timer && tick->due_ns <= plugin->services->clock_ns(plugin->runtime));
  shunt_sample sample = {(uint8_t*)text, sizeof(text), 0};
  plugin->services->publish(plugin->runtime, 0, &sample, 0, (size_t)bytes);
  if (plugin->fired == 3) plugin->services->timer_cancel(plugin->runtime, plugin->timer);
}

static void release(void* data) { ++((struct plugin*)data)->released; }

/* "start": a timer; "wrong": one that cannot be; else: how often one was released. */
static void handle(void* self, const shunt_message* message) {
  struct plugin* plugin = self;
  shunt_timer timer = {sizeof(timer), 0, 1000000, 1000000, fire, plugin, release};
  char text[128];
  int code = SHUNT_OK;
  if (message->payload_bytes == 5 && memcmp(message->payload, "wrong", 5) == 0) timer.period_ns = -1;
  if (message->payload_bytes == 5) code = plugin->services->timer_start(plugin->runtime, &timer, &plugin->timer);
  if (code != SHUNT_OK) {
    const char* why = plugin->services->last_error(plugin->runtime);
    plugin->services->fail(plugin->runtime, message, code, why, strlen(why));
    return;
  }
  const int bytes = snprintf(text, sizeof(text), "%d", plugin->released);
  shunt_sample sample = {(uint8_t*)text, sizeof(text), 0};
  plugin->services->reply(plugin->runtime, message, &sample, 0, (size_t)bytes);
}

/* Without report_health, as plugins are that were built before there was one. */
const shunt_plugin shunt_plugin_descriptor = {
    .abi = SHUNT_ABI,
    .size = offsetof(shunt_plugin, report_health),
    .create = create,
    .destroy = destroy,
    .init = init,
    .validate = succeed,
    .activate = succeed,
    .cleanup = cleanup,
    .health = health,
    .handle = handle,
};
