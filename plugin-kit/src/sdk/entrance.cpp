// The C ABI's way into a contract: phases and messages, with everything thrown caught here.
#include <shunt/plugin-kit/descriptor.hpp>

#include <algorithm>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>

namespace shunt::kit {
namespace {

ContractBase& contract(void* self) { return *static_cast<ContractBase*>(self); }

void write_text(std::string_view from, char* text, std::size_t text_bytes) {
  if (text == nullptr || text_bytes == 0) return;
  const auto bytes = std::min(from.size(), text_bytes - 1);
  std::memcpy(text, from.data(), bytes);
  text[bytes] = '\0';
}

template <typename Phase>
int run_phase(const Link& link, char* text, std::size_t text_bytes, const Phase& phase) noexcept {
  const auto threw = [&](const char* what) {
    write_text(link.services->describe_exception(link.runtime, what), text, text_bytes);
    return static_cast<int>(ErrorCode::PluginFailed);
  };
  try {
    const Status status = phase();
    if (status) return SHUNT_OK;
    write_text(status.error().message, text, text_bytes);
    return static_cast<int>(status.error().code);
  } catch (const std::exception& thrown) {
    return threw(thrown.what());
  } catch (...) {
    return threw("something that is not a std::exception");
  }
}

}  // namespace

void* Entrance::enter(Make make, shunt_runtime* runtime, const shunt_services* services) noexcept {
  if (services == nullptr || services->size < sizeof(shunt_services)) return nullptr;
  const auto failed = [&](const std::string& why) {
    services->log(runtime, static_cast<int>(LogLevel::Error), why.data(), why.size());
    return nullptr;
  };
  try {
    ContractBase* made = make();
    made->link_.runtime = runtime;
    made->link_.services = services;
    return made;
  } catch (const std::exception& thrown) {
    return failed(services->describe_exception(runtime, thrown.what()));
  } catch (...) {
    return failed(services->describe_exception(runtime, "the plugin's constructor threw"));
  }
}

void Entrance::destroy(void* self) noexcept { delete static_cast<ContractBase*>(self); }

int Entrance::init(void* self, const shunt_setting* settings, size_t count, char* text, size_t text_bytes) noexcept {
  auto& plugin = contract(self);
  return run_phase(plugin.link_, text, text_bytes, [&] { return plugin.shunt_init({settings, count}); });
}

int Entrance::validate(void* self, char* text, size_t text_bytes) noexcept {
  auto& plugin = contract(self);
  return run_phase(plugin.link_, text, text_bytes, [&]() -> Status {
    SHUNT_CHECK(plugin.validate());
    return plugin.shunt_last_wills();
  });
}

int Entrance::activate(void* self, char* text, size_t text_bytes) noexcept {
  auto& plugin = contract(self);
  return run_phase(plugin.link_, text, text_bytes, [&] { return plugin.activate(); });
}

void Entrance::cleanup(void* self) noexcept { contract(self).cleanup(); }

int Entrance::health(const void* self) noexcept {
  try {
    return static_cast<const ContractBase*>(self)->health().state();
  } catch (...) {
    return SHUNT_NOT_SERVING;
  }
}

int Entrance::report_health(const void* self, char* text, size_t text_bytes) noexcept {
  const auto& plugin = *static_cast<const ContractBase*>(self);
  const auto threw = [&](const char* what) {
    write_text(plugin.link_.services->describe_exception(plugin.link_.runtime, what), text, text_bytes);
    return SHUNT_NOT_SERVING;
  };
  try {
    const Health health = plugin.health();
    write_text(health.reason(), text, text_bytes);
    return health.state();
  } catch (const std::exception& thrown) {
    return threw(thrown.what());
  } catch (...) {
    return threw("something that is not a std::exception");
  }
}

int Entrance::snapshot(void* self, uint32_t version, const shunt_state_sink* to, char* text,
                       size_t text_bytes) noexcept {
  auto& plugin = contract(self);
  return run_phase(plugin.link_, text, text_bytes, [&] {
    return plugin.shunt_snapshot(version, StateSink{plugin.link_, *to});
  });
}

int Entrance::restore(void* self, uint32_t version, const uint8_t* state, size_t bytes, char* text,
                      size_t text_bytes) noexcept {
  auto& plugin = contract(self);
  return run_phase(plugin.link_, text, text_bytes, [&] { return plugin.shunt_restore(version, {state, bytes}); });
}

void Entrance::handle(void* self, const shunt_message* message) noexcept { contract(self).shunt_handle(*message); }

void Entrance::receive(void* self, const shunt_message* message) noexcept { contract(self).shunt_receive(*message); }

}  // namespace shunt::kit
