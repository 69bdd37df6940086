#include "writers.hpp"

#include <shunt/schemas/manifest_generated.h>

namespace shunt::manifest_compiler {
namespace {

manifest::ConfigType binary_type(ConfigType type) {
  switch (type) {
    case ConfigType::Int: return manifest::ConfigType::Int;
    case ConfigType::Float: return manifest::ConfigType::Float;
    case ConfigType::Bool: return manifest::ConfigType::Bool;
    case ConfigType::String: return manifest::ConfigType::String;
  }
  return manifest::ConfigType::String;
}

/// Makes the parts of one manifest in one builder.
class Writer {
 private:
  template <typename Item, typename Make>
  auto each(const std::vector<Item>& items, Make make) {
    std::vector<decltype(make(items.front()))> made;
    made.reserve(items.size());
    for (const auto& item : items) made.push_back(make(item));
    return build_.CreateVector(made);
  }

  flatbuffers::Offset<flatbuffers::String> text(const std::string& text) { return build_.CreateString(text); }

  flatbuffers::Offset<manifest::Type> type(const std::string& name) {
    return manifest::CreateType(build_, text(name), resolved_.hash(name).value);
  }

  flatbuffers::Offset<manifest::ConfigKey> config_key(const ConfigKey& key) {
    const auto optional = [&](const std::optional<std::string>& value) { return value ? text(*value) : 0; };
    const auto name = text(key.name);
    const auto minimum = optional(key.minimum);
    const auto maximum = optional(key.maximum);
    const auto pattern = optional(key.pattern);
    const auto fallback = optional(key.fallback);
    return manifest::CreateConfigKey(build_, name, binary_type(key.type), key.required, minimum, maximum, pattern,
                                     fallback);
  }

 public:
  explicit Writer(const Resolved& resolved) : resolved_(resolved), declaration_(resolved.declaration) {}

  std::vector<std::uint8_t> write() {
    const auto functions = each(declaration_.functions, [&](const Function& f) {
      return manifest::CreateFunction(build_, text(f.name), type(f.request), type(f.reply), f.idempotent);
    });
    const auto calls = each(declaration_.calls, [&](const Call& c) {
      return manifest::CreateCall(build_, text(c.function), text(c.version), type(c.request), type(c.reply));
    });
    const auto topic = [&](const Topic& t) {
      return manifest::CreateTopic(build_, text(t.name), type(t.type), t.idempotent,
                                   t.last_will.empty() ? 0 : text(t.last_will));
    };
    const auto topics_in = each(declaration_.topics_in, topic);
    const auto topics_out = each(declaration_.topics_out, topic);
    const auto state = each(declaration_.state, [&](const State& s) {
      return manifest::CreateStateVersion(build_, static_cast<std::uint16_t>(s.version), type(s.type));
    });
    const auto config = each(declaration_.config, [&](const ConfigKey& key) { return config_key(key); });
    const auto read = build_.CreateVectorOfStrings(declaration_.read);
    const auto syscalls = build_.CreateVectorOfStrings(declaration_.syscalls);
    const auto permissions = manifest::CreatePermissions(build_, read, syscalls);
    const auto schemas = each(resolved_.schemas.files(), [&](const SchemaSet::File& file) {
      // The reflection schema is a FlatBuffer itself: aligned, it can be read where it is.
      build_.ForceVectorAlignment(file.binary.size(), sizeof(std::uint8_t), 8);
      const auto bytes = build_.CreateVector(file.binary);
      return manifest::CreateBinarySchema(build_, text(file.name), bytes);
    });
    const auto libraries = each(declaration_.libraries, [&](const Library& library) {
      return manifest::CreateLibrary(build_, text(library.name), text(library.sha256));
    });
    const auto tool_chain = declaration_.tool_chain.empty() ? 0 : text(declaration_.tool_chain);
    const auto name = text(declaration_.name);
    const auto version = text(declaration_.version);
    manifest::ManifestBuilder root(build_);
    root.add_name(name);
    root.add_version(version);
    root.add_abi(declaration_.abi);
    root.add_functions(functions);
    root.add_calls(calls);
    root.add_topics_in(topics_in);
    root.add_topics_out(topics_out);
    root.add_config(config);
    root.add_permissions(permissions);
    root.add_binary_schemas(schemas);
    root.add_libraries(libraries);
    root.add_tool_chain(tool_chain);
    root.add_workers(declaration_.workers);
    root.add_in_flight_max(declaration_.in_flight_max);
    root.add_state(state);
    manifest::FinishManifestBuffer(build_, root.Finish());
    return {build_.GetBufferPointer(), build_.GetBufferPointer() + build_.GetSize()};
  }

 private:
  const Resolved& resolved_;
  const Declaration& declaration_;
  flatbuffers::FlatBufferBuilder build_;
};

}  // namespace

std::vector<std::uint8_t> binary_manifest(const Resolved& resolved) { return Writer(resolved).write(); }

}  // namespace shunt::manifest_compiler
