/* Each function breaks one rule of plugin.h and fails with the code and the text that it got for it. */
#include <shunt/plugin.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plugin {
  shunt_runtime* runtime;
  const shunt_services* services;
  int code_in_init;
  char text_in_init[256];
};

/* In the order of their names, as the manifest numbers them. */
enum function {
  kCallForAnother,
  kCallUndeclared,
  kFailTwice,
  kFailWithStrangeCode,
  kGiveBackTwice,
  kLoanAll,
  kLoanLarge,
  kLoanOnAnotherThread,
  kOutsideSample,
  kOweForAnother,
  kOweReplyInHand,
  kOweReplyTwice,
  kOweTwice,
  kPublishTwice,
  kPublishUndeclared,
  kReplyToNobody,
  kReplyTwice,
  kSentInInit,
  kSilent
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
  struct plugin* plugin = self;
  (void)settings, (void)count, (void)text, (void)text_bytes;
  shunt_sample sample;
  plugin->code_in_init = plugin->services->loan(plugin->runtime, 64, &sample);
  snprintf(plugin->text_in_init, sizeof(plugin->text_in_init), "%s", plugin->services->last_error(plugin->runtime));
  return SHUNT_OK;
}

static int succeed(void* self, char* text, size_t text_bytes) {
  (void)self, (void)text, (void)text_bytes;
  return SHUNT_OK;
}

static void cleanup(void* self) { (void)self; }

/* A loaned sample with the request's payload in it. */
static shunt_sample filled(struct plugin* plugin, const shunt_message* message) {
  shunt_sample sample = {NULL, 0, 0};
  if (plugin->services->loan(plugin->runtime, message->payload_bytes, &sample) == SHUNT_OK)
    memcpy(sample.data, message->payload, message->payload_bytes);
  return sample;
}

static int call(struct plugin* plugin, const shunt_message* message, uint32_t index) {
  shunt_sample sample = filled(plugin, message);
  shunt_answer answer;
  return plugin->services->call(plugin->runtime, message, index, &sample, 0, message->payload_bytes, 0, &answer);
}

static int call_for_another(struct plugin* plugin, const shunt_message* message) {
  shunt_message other = *message;
  other.token += 1;
  return call(plugin, &other, 0);
}

static int publish(struct plugin* plugin, uint32_t topic, shunt_sample sample, size_t offset, size_t bytes) {
  return plugin->services->publish(plugin->runtime, topic, &sample, offset, bytes);
}

static int publish_twice(struct plugin* plugin, const shunt_message* message) {
  const shunt_sample sample = filled(plugin, message);
  const int first = publish(plugin, 0, sample, 0, message->payload_bytes);
  return first != SHUNT_OK ? first : publish(plugin, 0, sample, 0, message->payload_bytes);
}

static int give_back_twice(struct plugin* plugin, const shunt_message* message) {
  const shunt_sample sample = filled(plugin, message);
  for (int times = 0; times < 2; ++times) {
    shunt_sample copy = sample;
    plugin->services->give_back(plugin->runtime, &copy);
  }
  return publish(plugin, 0, sample, 0, message->payload_bytes);
}

static int loan_all(struct plugin* plugin) {
  shunt_sample samples[64];
  int count = 0;
  int code = SHUNT_OK;
  while (count < 64 && (code = plugin->services->loan(plugin->runtime, 200, &samples[count])) == SHUNT_OK) ++count;
  for (int i = 0; i < count; ++i) plugin->services->give_back(plugin->runtime, &samples[i]);
  return code;
}

static int loan_large(struct plugin* plugin) {
  shunt_sample sample;
  return plugin->services->loan(plugin->runtime, 65537, &sample);
}

struct attempt {
  struct plugin* plugin;
  int code;
};

static void* loan_here(void* context) {
  struct attempt* attempt = context;
  shunt_sample sample;
  attempt->code = attempt->plugin->services->loan(attempt->plugin->runtime, 64, &sample);
  return NULL;
}

static int loan_on_another_thread(struct plugin* plugin) {
  struct attempt attempt = {plugin, SHUNT_OK};
  pthread_t thread;
  if (pthread_create(&thread, NULL, loan_here, &attempt) == 0) pthread_join(thread, NULL);
  return attempt.code;
}

static int reply(struct plugin* plugin, const shunt_message* to, const shunt_message* message) {
  shunt_sample sample = filled(plugin, message);
  return plugin->services->reply(plugin->runtime, to, &sample, 0, message->payload_bytes);
}

static int defer(struct plugin* plugin, const shunt_message* message, shunt_message* later) {
  return plugin->services->defer(plugin->runtime, message, later);
}

static int defer_for_another(struct plugin* plugin, const shunt_message* message) {
  shunt_message other = *message;
  shunt_message later;
  other.token += 1;
  return defer(plugin, &other, &later);
}

static void fail(struct plugin* plugin, const shunt_message* message, int code, const char* text) {
  plugin->services->fail(plugin->runtime, message, code, text, strlen(text));
}

/* Fails with what the services said. */
static void report(struct plugin* plugin, const shunt_message* message, int code) {
  char text[1024];
  snprintf(text, sizeof(text), "%s", plugin->services->last_error(plugin->runtime));
  fail(plugin, message, code, text);
}

static void defer_twice(struct plugin* plugin, const shunt_message* message) {
  shunt_message later;
  shunt_message again;
  if (defer(plugin, message, &later) == SHUNT_OK) report(plugin, &later, defer(plugin, message, &again));
}

static void reply_in_hand_what_was_deferred(struct plugin* plugin, const shunt_message* message) {
  shunt_message later;
  if (defer(plugin, message, &later) == SHUNT_OK) report(plugin, &later, reply(plugin, message, message));
}

static void reply_twice_what_was_deferred(struct plugin* plugin, const shunt_message* message) {
  shunt_message later;
  if (defer(plugin, message, &later) != SHUNT_OK) return;
  if (reply(plugin, &later, message) != SHUNT_OK) return;
  if (reply(plugin, &later, message) == SHUNT_OK) abort();
}

static void handle(void* self, const shunt_message* message) {
  struct plugin* plugin = self;
  switch ((enum function)message->index) {
    case kCallForAnother: report(plugin, message, call_for_another(plugin, message)); break;
    case kCallUndeclared: report(plugin, message, call(plugin, message, 7)); break;
    case kFailTwice:
      fail(plugin, message, 1, "first");
      fail(plugin, message, 2, "second");
      break;
    case kFailWithStrangeCode: fail(plugin, message, 70000, "strange"); break;
    case kGiveBackTwice: report(plugin, message, give_back_twice(plugin, message)); break;
    case kLoanAll: report(plugin, message, loan_all(plugin)); break;
    case kLoanLarge: report(plugin, message, loan_large(plugin)); break;
    case kLoanOnAnotherThread: fail(plugin, message, loan_on_another_thread(plugin), "on another thread"); break;
    case kOutsideSample: report(plugin, message, publish(plugin, 0, filled(plugin, message), 250, 16)); break;
    case kOweForAnother: report(plugin, message, defer_for_another(plugin, message)); break;
    case kOweReplyInHand: reply_in_hand_what_was_deferred(plugin, message); break;
    case kOweReplyTwice: reply_twice_what_was_deferred(plugin, message); break;
    case kOweTwice: defer_twice(plugin, message); break;
    case kPublishTwice: report(plugin, message, publish_twice(plugin, message)); break;
    case kPublishUndeclared:
      report(plugin, message, publish(plugin, 7, filled(plugin, message), 0, message->payload_bytes));
      break;
    case kReplyToNobody: report(plugin, message, reply(plugin, NULL, message)); break;
    case kReplyTwice: {
      const int first = reply(plugin, message, message);
      const int second = reply(plugin, message, message);
      if (first == SHUNT_OK && second == SHUNT_OK) abort();
      break;
    }
    case kSentInInit: fail(plugin, message, plugin->code_in_init, plugin->text_in_init); break;
    case kSilent: break;
  }
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
};
