#pragma once
/// Hosts with the plugin that breaks the rules.

#include "cast.hpp"
#include "offender_client.hpp"

#include <string>

namespace shunt::test {

[[nodiscard]] inline PluginConfiguration offender(const std::string& trouble = {}) {
  PluginConfiguration plugin;
  plugin.path = OFFENDER;
  plugin.wait = bus::Wait::Sleep;
  plugin.config["account"] = {"a"};
  plugin.config["trouble"] = {trouble};
  return plugin;
}

[[nodiscard]] inline HostConfiguration with_offender(const std::string& trouble = {}) {
  auto configuration = with({offender(trouble)});
  for (const char* name : {"offender/commit", "offender.deeds", "offender.news"})
    route(configuration, name).wait = bus::Wait::Sleep;
  return configuration;
}

/// A builder of what it is told.
[[nodiscard]] inline auto deed(std::string name) {
  return [name = std::move(name)](flatbuffers::FlatBufferBuilder& build) {
    return offender::CreateDeed(build, build.CreateString(name));
  };
}

template <typename T>
std::string said(const Result<T>& result) {
  return result ? "success" : to_string(result.error());
}
inline std::string said(const Status& status) { return status ? "success" : to_string(status.error()); }

}  // namespace shunt::test
