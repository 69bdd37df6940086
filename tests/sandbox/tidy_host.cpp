#include "tidy_host.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

namespace shunt::test {
namespace {

template <typename Find>
auto await(Find&& find, const std::string& what, std::chrono::seconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    if (auto found = find()) return *found;
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error("waited in vain for " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

}  // namespace

HostConfiguration TidyHost::configuration(const Settings& settings) {
  HostConfiguration configuration;
  configuration.launcher = LAUNCHER;
  configuration.trust.allow_unsigned = true;
  PluginConfiguration plugin;
  plugin.path = TIDY_PLUGIN;
  plugin.wait = bus::Wait::Sleep;
  plugin.handler_max = kPatience;
  for (const auto& [key, value] : settings) plugin.config[key] = {value};
  configuration.plugins.push_back(std::move(plugin));
  configuration.routes.push_back({.name = "tidy/act", .wait = bus::Wait::Sleep});
  return configuration;
}

Host TidyHost::start(HostConfiguration configuration) {
  auto host = Host::start(std::move(configuration));
  if (!host) throw std::runtime_error(to_string(host.error()));
  return std::move(*host);
}

TidyHost::Outcome TidyHost::act(Host& host, tidy::Deed deed, const std::string& text, std::int64_t number) {
  const auto reply = host.client<tidy::Client>().value().act(
      [&](auto& build) { return tidy::CreateOrder(build, deed, build.CreateString(text), number); },
      {.deadline = kPatience});
  if (!reply) throw std::runtime_error(to_string(reply.error()));
  return {(*reply)->stopped_by(), (*reply)->text()->str()};
}

AuditRecord TidyHost::await_record(Host& host, const std::string& phase, const std::string& call,
                                   std::chrono::seconds patience) {
  return await(
      [&]() -> std::optional<AuditRecord> {
        for (const AuditRecord& each : host.audit())
          if (each.phase == phase && each.call == call) return each;
        return std::nullopt;
      },
      phase + ": " + call, patience);
}

pid_t TidyHost::await_pid(Host& host) {
  return await(
      [&]() -> std::optional<pid_t> {
        const auto pid = static_cast<pid_t>(host.snapshot().plugins.at(0).pid);
        return pid == 0 ? std::nullopt : std::optional{pid};
      },
      "the plugin's pid", kPatience);
}

HostEvent TidyHost::await_event(Host& host, HostEventKind kind) {
  return await(
      [&]() -> std::optional<HostEvent> {
        for (const HostEvent& each : host.events())
          if (each.kind == kind) return each;
        return std::nullopt;
      },
      std::string{name(kind)}, kPatience);
}

}  // namespace shunt::test
