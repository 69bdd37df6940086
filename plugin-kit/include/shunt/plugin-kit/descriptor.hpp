#pragma once
/// SHUNT_PLUGIN(Class): exports the descriptor that the launcher looks for.

#include <shunt/plugin-kit/contract_base.hpp>
#include <shunt/plugin.h>

#include <memory>

namespace shunt::kit {

using Make = ContractBase* (*)();

/// The C ABI's way into a ContractBase; nothing thrown gets out.
struct Entrance {
  static void* enter(Make make, shunt_runtime* runtime, const shunt_services* services) noexcept;
  static void destroy(void* self) noexcept;
  static int init(void* self, const shunt_setting* settings, size_t count, char* text, size_t text_bytes) noexcept;
  static int validate(void* self, char* text, size_t text_bytes) noexcept;
  static int activate(void* self, char* text, size_t text_bytes) noexcept;
  static void cleanup(void* self) noexcept;
  static int health(const void* self) noexcept;
  static int report_health(const void* self, char* text, size_t text_bytes) noexcept;
  static void handle(void* self, const shunt_message* message) noexcept;
  static void receive(void* self, const shunt_message* message) noexcept;
  static int snapshot(void* self, uint32_t version, const shunt_state_sink* to, char* text, size_t text_bytes) noexcept;
  static int restore(void* self, uint32_t version, const uint8_t* state, size_t bytes, char* text,
                     size_t text_bytes) noexcept;
};

template <typename Plugin>
struct Descriptor {
  static void* create(shunt_runtime* runtime, const shunt_services* services) noexcept {
    return Entrance::enter([]() -> ContractBase* { return std::make_unique<Plugin>().release(); }, runtime, services);
  }
  static constexpr shunt_plugin value() {
    return {SHUNT_ABI,          sizeof(shunt_plugin), create,
            Entrance::destroy,  Entrance::init,       Entrance::validate,
            Entrance::activate, Entrance::cleanup,    Entrance::health,
            Entrance::handle,   Entrance::receive,    Entrance::report_health,
            Entrance::snapshot, Entrance::restore};
  }
};

}  // namespace shunt::kit

/// Once per plugin, at namespace scope. `Class` derives from the generated Contract and has a default constructor.
#define SHUNT_PLUGIN(Class)                                                      \
  extern "C" SHUNT_EXPORT constinit const shunt_plugin shunt_plugin_descriptor = \
      ::shunt::kit::Descriptor<Class>::value();
