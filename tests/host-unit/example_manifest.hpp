#pragma once
/// The manifest that the host's tests read: one of everything, to be changed by the test that needs another.

#include <shunt/schemas/manifest_generated.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace shunt::test {

inline std::unique_ptr<manifest::TypeT> type(const std::string& name, std::uint64_t hash) {
  auto type = std::make_unique<manifest::TypeT>();
  type->name = name;
  type->hash = hash;
  return type;
}

inline std::unique_ptr<manifest::ConfigKeyT> key(const std::string& name, manifest::ConfigType kind) {
  auto key = std::make_unique<manifest::ConfigKeyT>();
  key->name = name;
  key->type = kind;
  return key;
}

inline std::unique_ptr<manifest::TopicT> topic(const std::string& name, const std::string& of) {
  auto topic = std::make_unique<manifest::TopicT>();
  topic->name = name;
  topic->type = type(of, 7);
  return topic;
}

inline std::unique_ptr<manifest::FunctionT> function(const std::string& name) {
  auto function = std::make_unique<manifest::FunctionT>();
  function->name = name;
  function->request = type("market.Bar", 1);
  function->reply = type("market.Signal", 2);
  function->idempotent = true;
  return function;
}

inline std::unique_ptr<manifest::LibraryT> library(const std::string& name) {
  auto library = std::make_unique<manifest::LibraryT>();
  library->name = name;
  library->sha256 = std::string(64, 'a');
  return library;
}

inline manifest::ManifestT example_manifest() {
  manifest::ManifestT example;
  example.name = "momentum";
  example.version = "1.4.0";
  example.abi = 3;
  example.functions.push_back(function("signal"));
  auto call = std::make_unique<manifest::CallT>();
  call->function = "risk/check";
  call->version = "^1.2";
  call->request = type("risk.Order", 3);
  call->reply = type("risk.Verdict", 4);
  example.calls.push_back(std::move(call));
  example.topics_in.push_back(topic("market.bars", "market.Bar"));
  example.topics_out.push_back(topic("market.signals", "market.Signal"));
  auto window = key("window", manifest::ConfigType::Int);
  window->minimum = "2";
  window->maximum = "500";
  window->default_ = "20";
  example.config.push_back(std::move(window));
  example.permissions = std::make_unique<manifest::PermissionsT>();
  example.permissions->read = {"/etc/hosts"};
  auto schema = std::make_unique<manifest::BinarySchemaT>();
  schema->file = "market.fbs";
  schema->bytes = {1, 2, 3};
  example.binary_schemas.push_back(std::move(schema));
  example.libraries.push_back(library("libindicators.so.2"));
  example.tool_chain = "GNU 12.2.0";
  example.workers = 4;
  example.in_flight_max = 200;
  return example;
}

inline std::vector<std::byte> packed(const manifest::ManifestT& manifest) {
  flatbuffers::FlatBufferBuilder builder;
  manifest::FinishManifestBuffer(builder, manifest::Manifest::Pack(builder, &manifest));
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {bytes.begin(), bytes.end()};
}

}  // namespace shunt::test
