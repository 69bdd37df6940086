/* A plugin in C11 whose handlers may run side by side: it aborts where they may not and do. */
#define _GNU_SOURCE
#include <shunt/plugin.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct plugin {
  shunt_runtime* runtime;
  const shunt_services* services;
  atomic_int met;
  atomic_bool busy[2];
  unsigned last[2];
};

enum { kPluginFailed = 60, kCancelled = 42 }; /* ErrorCode values. */

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

static void answer(struct plugin* plugin, const shunt_message* message, const void* bytes, size_t count) {
  shunt_sample sample = {(uint8_t*)bytes, count, 0};
  if (plugin->services->reply(plugin->runtime, message, &sample, 0, count) != SHUNT_OK) abort();
}

/* Returns when as many handlers as the payload says are in here, or were. */
static void meet(struct plugin* plugin, const shunt_message* message) {
  atomic_fetch_add(&plugin->met, 1);
  while (atomic_load(&plugin->met) < message->payload[0] - '0') usleep(100);
  answer(plugin, message, "met", 3);
}

static void call_out(struct plugin* plugin, const shunt_message* message) {
  shunt_sample sample = {(uint8_t*)message->payload, message->payload_bytes, 0};
  shunt_answer got;
  const int code = plugin->services->call(plugin->runtime, message, 0, &sample, 0, message->payload_bytes, 0, &got);
  if (code != SHUNT_OK) {
    const char* text = plugin->services->last_error(plugin->runtime);
    plugin->services->fail(plugin->runtime, message, code, text, strlen(text));
    return;
  }
  answer(plugin, message, got.payload, got.payload_bytes);
  plugin->services->release(plugin->runtime, &got);
}

static void wait_for_cancel(struct plugin* plugin, const shunt_message* message) {
  while (!plugin->services->cancelled(plugin->runtime, message)) usleep(100);
  plugin->services->fail(plugin->runtime, message, kCancelled, "heard it", 8);
}

/* As many batches as fill a small ring several times, once as many handlers as the payload says are in here. Each
 * message has the second letter of the payload as its key, and its number. */
static void publish_together(struct plugin* plugin, const shunt_message* message) {
  enum { kBatches = 20, kParts = 8 };
  const shunt_publication how = {sizeof(how), 0, 0, 0, 0, 0};
  unsigned numbers[kParts];
  unsigned next = 0;
  atomic_fetch_add(&plugin->met, 1);
  while (atomic_load(&plugin->met) < message->payload[0] - '0') usleep(100);
  for (int batch = 0; batch < kBatches; ++batch) {
    shunt_part parts[kParts];
    for (int i = 0; i < kParts; ++i) {
      numbers[i] = ++next;
      parts[i] =
          (shunt_part){{(uint8_t*)&numbers[i], sizeof(numbers[i]), 0}, 0, sizeof(numbers[i]), message->payload[1]};
    }
    size_t published = 0;
    if (plugin->services->publish_batch(plugin->runtime, &how, parts, kParts, &published) != SHUNT_OK) abort();
    if (published != kParts) abort();
  }
  answer(plugin, message, "sent", 4);
}

/* Leaves last wills in the same way: each with the letter as its key, and its number often. */
static void leave_wills(struct plugin* plugin, const shunt_message* message) {
  enum { kWills = 50, kWords = 256 };
  unsigned words[kWords];
  const shunt_publication how = {sizeof(how), 0, message->payload[1], 0, 0, 0};
  atomic_fetch_add(&plugin->met, 1);
  while (atomic_load(&plugin->met) < message->payload[0] - '0') usleep(100);
  for (unsigned number = 1; number <= kWills; ++number) {
    for (int i = 0; i < kWords; ++i) words[i] = number;
    if (plugin->services->set_will(plugin->runtime, &how, (const uint8_t*)words, sizeof(words)) != SHUNT_OK) abort();
  }
  answer(plugin, message, "left", 4);
}

enum function { kMeet, kCallOut, kWaitForCancel, kEcho, kPublishTogether, kLeaveWills };

static void handle(void* self, const shunt_message* message) {
  struct plugin* plugin = self;
  switch ((enum function)message->index) {
    case kMeet: meet(plugin, message); break;
    case kCallOut: call_out(plugin, message); break;
    case kWaitForCancel: wait_for_cancel(plugin, message); break;
    case kEcho: answer(plugin, message, message->payload, message->payload_bytes); break;
    case kPublishTogether: publish_together(plugin, message); break;
    case kLeaveWills: leave_wills(plugin, message); break;
  }
}

/* One at a time for each topic, with the numbers that they carry in order; each goes out again. One that carries a
 * second number ends when as many handlers of kMeet were entered. */
static void receive(void* self, const shunt_message* message) {
  struct plugin* plugin = self;
  unsigned number = 0;
  memcpy(&number, message->payload, sizeof(number));
  if (atomic_exchange(&plugin->busy[message->index], 1)) abort();
  if (number != plugin->last[message->index] + 1) abort();
  plugin->last[message->index] = number;
  if (number % 16 == 0) usleep(200);
  if (message->payload_bytes == 2 * sizeof(number)) {
    unsigned met = 0;
    memcpy(&met, message->payload + sizeof(number), sizeof(met));
    while ((unsigned)atomic_load(&plugin->met) < met) usleep(100);
  }
  atomic_store(&plugin->busy[message->index], 0);
  shunt_sample sample = {(uint8_t*)message->payload, message->payload_bytes, 0};
  if (plugin->services->publish(plugin->runtime, message->index, &sample, 0, message->payload_bytes) != SHUNT_OK)
    abort();
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
