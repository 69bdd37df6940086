/* A plugin in C11 straight on the C ABI: each function does one thing that a test looks at. */
#define _GNU_SOURCE
#include <shunt/plugin.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct plugin {
  shunt_runtime* runtime;
  const shunt_services* services;
  char fail_in[16];
  char exit_in[16];
  char crash_in[16];
  int publishes;
  uint64_t handled;
};

/* ErrorCode values. */
enum { kBadInput = 1, kCancelled = 42, kPluginFailed = 60 };

/* Not null: sanitizers report that one themselves, and end the process with a code. */
static volatile int* volatile nowhere = (volatile int*)16;

__attribute__((noinline)) void crash_here(void) {
  *nowhere = 1;
  __asm__ volatile("");
}

static void* create(shunt_runtime* runtime, const shunt_services* services) {
  struct plugin* plugin = calloc(1, sizeof(*plugin));
  if (plugin == NULL) return NULL;
  plugin->runtime = runtime;
  plugin->services = services;
  return plugin;
}

static void destroy(void* self) { free(self); }

static int phase(struct plugin* plugin, const char* name, char* text, size_t text_bytes) {
  if (strcmp(plugin->exit_in, name) == 0) exit(7);
  if (strcmp(plugin->crash_in, name) == 0) crash_here();
  if (strcmp(plugin->fail_in, name) != 0) return SHUNT_OK;
  snprintf(text, text_bytes, "%s fails on purpose", name);
  plugin->fail_in[0] = '\0'; /* The next try succeeds. */
  return kPluginFailed;
}

static shunt_sample own_memory(const void* bytes, size_t count) {
  const shunt_sample sample = {(uint8_t*)bytes, count, 0};
  return sample;
}

static int init(void* self, const shunt_setting* settings, size_t count, char* text, size_t text_bytes) {
  struct plugin* plugin = self;
  if (plugin->handled == 0) {
    for (size_t i = 0; i < count; ++i) {
      if (strcmp(settings[i].key, "publishes") == 0) plugin->publishes = 1;
      if (strcmp(settings[i].key, "fail_in") == 0)
        snprintf(plugin->fail_in, sizeof(plugin->fail_in), "%s", settings[i].value);
      if (strcmp(settings[i].key, "exit_in") == 0)
        snprintf(plugin->exit_in, sizeof(plugin->exit_in), "%s", settings[i].value);
      if (strcmp(settings[i].key, "crash_in") == 0)
        snprintf(plugin->crash_in, sizeof(plugin->crash_in), "%s", settings[i].value);
    }
    plugin->handled = 1;
  }
  shunt_sample sample;
  if (plugin->services->loan(plugin->runtime, 64, &sample) == SHUNT_OK) {
    snprintf(text, text_bytes, "init could loan a sample");
    return kBadInput;
  }
  return phase(plugin, "init", text, text_bytes);
}

static int validate(void* self, char* text, size_t text_bytes) { return phase(self, "validate", text, text_bytes); }

/* Effects begin here: a publication that no message caused. */
static int activate(void* self, char* text, size_t text_bytes) {
  struct plugin* plugin = self;
  if (plugin->publishes) {
    shunt_sample sample = own_memory("active", 6);
    if (plugin->services->publish(plugin->runtime, 0, &sample, 0, 6) != SHUNT_OK) return kBadInput;
  }
  return phase(plugin, "activate", text, text_bytes);
}

static void cleanup(void* self) { phase(self, "cleanup", NULL, 0); }

static void answer_bytes(struct plugin* plugin, const shunt_message* message, const void* bytes, size_t count) {
  shunt_sample sample = own_memory(bytes, count);
  plugin->services->reply(plugin->runtime, message, &sample, 0, count);
}

static void answer_error(struct plugin* plugin, const shunt_message* message, int code) {
  const char* text = plugin->services->last_error(plugin->runtime);
  plugin->services->fail(plugin->runtime, message, code, text, strlen(text));
}

/* Echoes by a loaned chunk, the payload at the chunk's end, as a builder would leave it. */
static void echo_chunk(struct plugin* plugin, const shunt_message* message) {
  shunt_sample sample;
  const int code = plugin->services->loan(plugin->runtime, message->payload_bytes, &sample);
  if (code != SHUNT_OK) {
    answer_error(plugin, message, code);
    return;
  }
  const size_t offset = sample.capacity - message->payload_bytes;
  memcpy(sample.data + offset, message->payload, message->payload_bytes);
  plugin->services->reply(plugin->runtime, message, &sample, offset, message->payload_bytes);
}

static void call_out(struct plugin* plugin, const shunt_message* message) {
  shunt_sample sample = own_memory(message->payload, message->payload_bytes);
  shunt_answer answer;
  const int code = plugin->services->call(plugin->runtime, message, 0, &sample, 0, message->payload_bytes, 0, &answer);
  if (code != SHUNT_OK) {
    answer_error(plugin, message, code);
    return;
  }
  answer_bytes(plugin, message, answer.payload, answer.payload_bytes);
  plugin->services->release(plugin->runtime, &answer);
}

static void publish(struct plugin* plugin, const shunt_message* message) {
  shunt_sample sample = own_memory(message->payload, message->payload_bytes);
  const int code = plugin->services->publish(plugin->runtime, 0, &sample, 0, message->payload_bytes);
  if (code != SHUNT_OK) {
    answer_error(plugin, message, code);
    return;
  }
  answer_bytes(plugin, message, NULL, 0);
}

/* The payload: a key, the bytes of shunt_publication that the caller claims to know, flags. */
static void publish_keyed(struct plugin* plugin, const shunt_message* message) {
  struct {
    uint64_t key;
    uint64_t size;
    uint64_t flags;
  } said;
  memcpy(&said, message->payload, sizeof(said));
  const shunt_publication how = {
      .size = (uint32_t)said.size, .topic_out = 0, .key = said.key, .flags = (uint32_t)said.flags};
  shunt_sample sample = own_memory("keyed", 5);
  const int code = plugin->services->publish_as(plugin->runtime, &how, &sample, 0, 5);
  if (code != SHUNT_OK) {
    answer_error(plugin, message, code);
    return;
  }
  answer_bytes(plugin, message, NULL, 0);
}

static void wait_for_cancel(struct plugin* plugin, const shunt_message* message) {
  while (!plugin->services->cancelled(plugin->runtime, message)) {
  }
  plugin->services->fail(plugin->runtime, message, kCancelled, "heard it", 8);
}

static void answer_twice(struct plugin* plugin, const shunt_message* message) {
  answer_bytes(plugin, message, "once", 4);
  shunt_sample sample = own_memory("twice", 5);
  if (plugin->services->reply(plugin->runtime, message, &sample, 0, 5) != kBadInput) abort();
}

static void answer_place_of_crash(struct plugin* plugin, const shunt_message* message) {
  Dl_info info;
  void (*place)(void) = crash_here;
  void* address = NULL;
  memcpy(&address, &place, sizeof(address));
  dladdr(address, &info);
  const uint64_t offset = (uint64_t)((uintptr_t)address - (uintptr_t)info.dli_fbase);
  answer_bytes(plugin, message, &offset, sizeof(offset));
}

/* Says what of the process the plugin can see: environment, standard input, descriptors. */
static void answer_surroundings(struct plugin* plugin, const shunt_message* message) {
  extern char** environ;
  char byte = 0;
  int open = 0;
  for (int fd = 0; fd < 1024; ++fd)
    if (fcntl(fd, F_GETFD) >= 0) ++open;
  char text[96];
  const int count = snprintf(text, sizeof(text), "environment %d stdin %d descriptors %d",
                             environ != NULL && environ[0] != NULL, (int)read(0, &byte, 1), open);
  answer_bytes(plugin, message, text, (size_t)count);
}

static void loan_all(struct plugin* plugin, const shunt_message* message) {
  shunt_sample samples[64];
  int count = 0;
  int code = SHUNT_OK;
  while (count < 64 && (code = plugin->services->loan(plugin->runtime, 256, &samples[count])) == SHUNT_OK) ++count;
  for (int i = 0; i < count; ++i) plugin->services->give_back(plugin->runtime, &samples[i]);
  answer_error(plugin, message, code);
}

struct question {
  struct plugin* plugin;
  const shunt_message* message;
};

static void* ask_until_cancelled(void* context) {
  const struct question* question = context;
  while (!question->plugin->services->cancelled(question->plugin->runtime, question->message)) {
  }
  return NULL;
}

/* The serving thread looks at nothing meanwhile, and none but it may use the lane. */
static void wait_on_another_thread(struct plugin* plugin, const shunt_message* message) {
  struct question question = {plugin, message};
  pthread_t thread;
  pthread_create(&thread, NULL, ask_until_cancelled, &question);
  pthread_join(thread, NULL);
  plugin->services->fail(plugin->runtime, message, kCancelled, "another thread heard it", 23);
}

static void answer_allocations(struct plugin* plugin, const shunt_message* message) {
  uint64_t (*allocations)(void) = NULL;
  void* symbol = dlsym(RTLD_DEFAULT, "shunt_test_allocations");
  memcpy(&allocations, &symbol, sizeof(symbol));
  const uint64_t count = symbol == NULL ? UINT64_MAX : allocations();
  answer_bytes(plugin, message, &count, sizeof(count));
}

static void* volatile kept;

static void allocate(struct plugin* plugin, const shunt_message* message) {
  free(kept);
  kept = malloc(message->payload_bytes + 1);
  answer_bytes(plugin, message, NULL, 0);
}

static void answer_fork(struct plugin* plugin, const shunt_message* message) {
  const pid_t child = fork();
  if (child == 0)
    for (;;) pause();
  const char* text = child < 0 ? strerror(errno) : "forked";
  answer_bytes(plugin, message, text, strlen(text));
}

enum function {
  kEcho,
  kEchoChunk,
  kCall,
  kPublish,
  kCrash,
  kExit,
  kSilent,
  kFail,
  kWaitForCancel,
  kAnswerTwice,
  kHandled,
  kPlaceOfCrash,
  kSurroundings,
  kAbort,
  kLoanAll,
  kFork,
  kWaitOnAnotherThread,
  kAllocations,
  kAllocate,
  kPublishKeyed
};

static void handle(void* self, const shunt_message* message) {
  struct plugin* plugin = self;
  ++plugin->handled;
  switch ((enum function)message->index) {
    case kEcho: answer_bytes(plugin, message, message->payload, message->payload_bytes); break;
    case kEchoChunk: echo_chunk(plugin, message); break;
    case kCall: call_out(plugin, message); break;
    case kPublish: publish(plugin, message); break;
    case kCrash:
      crash_here();
      ++plugin->handled; /* Keeps this frame on the stack: nothing is a tail call. */
      break;
    case kExit: exit(message->payload[0]);
    case kSilent: break;
    case kFail: plugin->services->fail(plugin->runtime, message, kPluginFailed, "said so", 7); break;
    case kWaitForCancel: wait_for_cancel(plugin, message); break;
    case kAnswerTwice: answer_twice(plugin, message); break;
    case kHandled: answer_bytes(plugin, message, &plugin->handled, sizeof(plugin->handled)); break;
    case kPlaceOfCrash: answer_place_of_crash(plugin, message); break;
    case kSurroundings: answer_surroundings(plugin, message); break;
    case kAbort: abort();
    case kLoanAll: loan_all(plugin, message); break;
    case kWaitOnAnotherThread: wait_on_another_thread(plugin, message); break;
    case kAllocations: answer_allocations(plugin, message); break;
    case kAllocate: allocate(plugin, message); break;
    case kPublishKeyed: publish_keyed(plugin, message); break;
    case kFork: answer_fork(plugin, message); break;
  }
}

/* A publication comes back on the first topic out; one with a deadline, which none has, does not. */
static void receive(void* self, const shunt_message* message) {
  struct plugin* plugin = self;
  if (message->deadline_ns != 0) return;
  shunt_sample sample = own_memory(message->payload, message->payload_bytes);
  plugin->services->publish(plugin->runtime, 0, &sample, 0, message->payload_bytes);
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
    .receive = receive,
};
