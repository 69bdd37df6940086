/* A plugin that can run and has nothing to tell: what is compared is what its manifest says. */
#include <shunt/plugin.h>

enum { kPluginFailed = 60 }; /* An ErrorCode. */

static shunt_runtime* runtime;
static const shunt_services* services;

static void* create(shunt_runtime* with, const shunt_services* by) {
  runtime = with;
  services = by;
  return &runtime;
}
static void destroy(void* self) { (void)self; }

static int init(void* self, const shunt_setting* settings, size_t count, char* text, size_t text_bytes) {
  (void)self, (void)settings, (void)count, (void)text, (void)text_bytes;
  return SHUNT_OK;
}
static int phase(void* self, char* text, size_t text_bytes) {
  (void)self, (void)text, (void)text_bytes;
  return SHUNT_OK;
}
static void cleanup(void* self) { (void)self; }
static int health(const void* self) {
  (void)self;
  return SHUNT_SERVING;
}

static void handle(void* self, const shunt_message* message) {
  (void)self;
  services->fail(runtime, message, kPluginFailed, "no price today", 14);
}
static void receive(void* self, const shunt_message* message) { (void)self, (void)message; }

const shunt_plugin shunt_plugin_descriptor = {
    .abi = SHUNT_ABI,
    .size = sizeof(shunt_plugin),
    .create = create,
    .destroy = destroy,
    .init = init,
    .validate = phase,
    .activate = phase,
    .cleanup = cleanup,
    .health = health,
    .handle = handle,
    .receive = receive,
};
