/* A plugin in C11 that answers requests after their handlers. */
#define _DEFAULT_SOURCE
#include <shunt/plugin.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct plugin {
  shunt_runtime* runtime;
  const shunt_services* services;
  shunt_message later[256];
  size_t deferred;
};

enum { kPluginFailed = 60, kBadInput = 1, kCancelled = 42 }; /* ErrorCode values. */

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

static int answer(struct plugin* plugin, const shunt_message* message, const void* bytes, size_t count) {
  shunt_sample sample = {(uint8_t*)bytes, count, 0};
  return plugin->services->reply(plugin->runtime, message, &sample, 0, count);
}

/* What came of a service: the answer to whoever asked for it. */
static void answer_outcome(struct plugin* plugin, const shunt_message* message, int code) {
  const char* text = code == SHUNT_OK ? "done" : plugin->services->last_error(plugin->runtime);
  answer(plugin, message, text, strlen(text));
}

static shunt_message* defer(struct plugin* plugin, const shunt_message* message) {
  shunt_message* later = &plugin->later[plugin->deferred++ % 256];
  if (plugin->services->defer(plugin->runtime, message, later) != SHUNT_OK) abort();
  return later;
}

/* The first byte of the payload says which deferred request is meant, in the order in which they came. */
static shunt_message* meant(struct plugin* plugin, const shunt_message* message) {
  return &plugin->later[message->payload[0] - '0'];
}

static int settle(struct plugin* plugin, const shunt_message* message) {
  return answer(plugin, meant(plugin, message), message->payload + 1, message->payload_bytes - 1);
}

struct task {
  struct plugin* plugin;
  const shunt_message* message;
  int code;
  char text[256];
};

static void* settle_as_task(void* context) {
  struct task* task = context;
  task->code = settle(task->plugin, task->message);
  const char* text = task->code == SHUNT_OK ? "done" : task->plugin->services->last_error(task->plugin->runtime);
  strncpy(task->text, text, sizeof(task->text) - 1);
  return NULL;
}

static void settle_on_a_thread(struct plugin* plugin, const shunt_message* message) {
  struct task task = {plugin, message, 0, {0}};
  pthread_t thread;
  pthread_create(&thread, NULL, settle_as_task, &task);
  pthread_join(thread, NULL);
  answer(plugin, message, task.text, strlen(task.text));
}

/* The answer comes from a thread that nobody waits for, perhaps before the handler has returned, perhaps when the
 * plugin is gone. */
struct echo {
  shunt_runtime* runtime;
  const shunt_services* services;
  shunt_message later;
  useconds_t pause;
  size_t bytes;
  uint8_t payload[];
};

static void* echo_later(void* context) {
  struct echo* echo = context;
  const shunt_services* services = echo->services;
  if (echo->pause > 0) usleep(echo->pause);
  shunt_sample sample = {echo->payload, echo->bytes, 0};
  if (echo->bytes > 0 && echo->payload[0] == 'c') { /* By a chunk of its own. */
    if (services->loan(echo->runtime, echo->bytes, &sample) != SHUNT_OK) abort();
    memcpy(sample.data, echo->payload, echo->bytes);
  }
  const int code = services->reply(echo->runtime, &echo->later, &sample, 0, echo->bytes);
  if (code != SHUNT_OK && (code != kCancelled || echo->pause == 0)) abort();
  free(echo);
  return NULL;
}

static void defer_to_a_thread(struct plugin* plugin, const shunt_message* message, useconds_t pause) {
  struct echo* echo = malloc(sizeof(*echo) + message->payload_bytes);
  echo->runtime = plugin->runtime;
  echo->services = plugin->services;
  echo->pause = pause;
  echo->bytes = message->payload_bytes;
  if (echo->bytes > 0) memcpy(echo->payload, message->payload, echo->bytes);
  if (plugin->services->defer(plugin->runtime, message, &echo->later) != SHUNT_OK) abort();
  pthread_t thread;
  if (pthread_create(&thread, NULL, echo_later, echo) != 0) abort();
  pthread_detach(thread);
}

/* Whoever deferred cannot defer or answer what it was given any more, only what it got for it. */
static void defer_in_place(struct plugin* plugin, const shunt_message* message) {
  const shunt_message* later = defer(plugin, message);
  shunt_message again;
  if (plugin->services->defer(plugin->runtime, message, &again) != kBadInput) abort();
  if (answer(plugin, message, "no", 2) != kBadInput) abort();
  answer(plugin, later, "in place", 8);
}

/* Its caller has cancelled before the answer is deferred. */
static void defer_once_cancelled(struct plugin* plugin, const shunt_message* message) {
  while (!plugin->services->cancelled(plugin->runtime, message)) usleep(100);
  const shunt_message* later = defer(plugin, message);
  if (!plugin->services->cancelled(plugin->runtime, later)) abort();
}

enum function {
  kDefer,
  kSettle,
  kSettleOnThread,
  kDrop,
  kIsCancelled,
  kDeferToThread,
  kDeferInPlace,
  kEcho,
  kDeferOnceCancelled,
  kDeferToSlowThread
};

static void handle(void* self, const shunt_message* message) {
  struct plugin* plugin = self;
  switch ((enum function)message->index) {
    case kDefer: defer(plugin, message); break;
    case kSettle: answer_outcome(plugin, message, settle(plugin, message)); break;
    case kSettleOnThread: settle_on_a_thread(plugin, message); break;
    case kDrop:
      answer_outcome(plugin, message,
                     plugin->services->fail(plugin->runtime, meant(plugin, message), kPluginFailed, "dropped", 7));
      break;
    case kIsCancelled:
      answer(plugin, message, plugin->services->cancelled(plugin->runtime, meant(plugin, message)) ? "yes" : "no", 3);
      break;
    case kDeferToThread: defer_to_a_thread(plugin, message, 0); break;
    case kDeferToSlowThread: defer_to_a_thread(plugin, message, 1 + 50 * (message->payload[0] - '0')); break;
    case kDeferOnceCancelled: defer_once_cancelled(plugin, message); break;
    case kDeferInPlace: defer_in_place(plugin, message); break;
    case kEcho: answer(plugin, message, message->payload, message->payload_bytes); break;
  }
}

/* A publication is an order to settle. */
static void receive(void* self, const shunt_message* message) { settle(self, message); }

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
