// A plugin in C++ straight on the C ABI that lets exceptions out of its C functions.
#include <shunt/plugin.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>

#include <dlfcn.h>

namespace {

struct Plugin {
  shunt_runtime* runtime;
  const shunt_services* services;
  const char* throws_in = "";
};

}  // namespace

// Exported, so that the test can ask where it lies.
extern "C" SHUNT_EXPORT __attribute__((noinline)) void throw_here() { throw std::runtime_error("thrown on purpose"); }

namespace {

/// An exception of its own between throw and catch must not hide where the outer one was thrown.
struct ThrowsWhileUnwinding {
  ~ThrowsWhileUnwinding() {
    try {
      throw 1;
    } catch (int) {
    }
  }
};

void* create(shunt_runtime* runtime, const shunt_services* services) { return new Plugin{runtime, services, ""}; }
void destroy(void* self) { delete static_cast<Plugin*>(self); }

int init(void* self, const shunt_setting* settings, std::size_t count, char*, std::size_t) {
  auto& plugin = *static_cast<Plugin*>(self);
  for (std::size_t i = 0; i < count; ++i) plugin.throws_in = settings[i].value;
  if (std::strcmp(plugin.throws_in, "init") == 0) throw_here();
  return SHUNT_OK;
}

int validate(void* self, char*, std::size_t) {
  if (std::strcmp(static_cast<Plugin*>(self)->throws_in, "validate") == 0) throw 42;
  return SHUNT_OK;
}

int activate(void*, char*, std::size_t) { return SHUNT_OK; }
void cleanup(void*) {}

void handle(void* self, const shunt_message* message) {
  auto& plugin = *static_cast<Plugin*>(self);
  if (message->index == 0) {
    const ThrowsWhileUnwinding guard;
    throw_here();
  }
  Dl_info info;
  dladdr(reinterpret_cast<void*>(&throw_here), &info);
  std::uint64_t offset =
      reinterpret_cast<std::uintptr_t>(&throw_here) - reinterpret_cast<std::uintptr_t>(info.dli_fbase);
  shunt_sample sample{reinterpret_cast<std::uint8_t*>(&offset), sizeof(offset), 0};
  plugin.services->reply(plugin.runtime, message, &sample, 0, sizeof(offset));
}

void receive(void*, const shunt_message*) { throw std::runtime_error("thrown elsewhere"); }

}  // namespace

const shunt_plugin shunt_plugin_descriptor = {
    SHUNT_ABI, sizeof(shunt_plugin), create, destroy, init, validate, activate, cleanup, nullptr, handle, receive,
    nullptr};
