/// inspect: one plugin, route or instance of a host, or a plugin's file.

#include "commands.hpp"
#include "events.hpp"
#include "quotas.hpp"
#include "table.hpp"

#include <shunt/host/inspect.hpp>

#include <filesystem>

namespace shunt::tool {
namespace {

// ---- A file

/// As everything shows it: 16 hex digits.
std::string schema_text(const PayloadType& type) { return fmt::format("{:016x}", type.schema.value); }

Json topics_json(const std::vector<DeclaredTopic>& topics) {
  Json json = Json::array();
  for (const DeclaredTopic& each : topics) {
    json.push_back({{"topic", each.name}, {"type", each.type.name}, {"schema", schema_text(each.type)}});
    if (!each.last_will.empty()) json.back()["last_will"] = each.last_will;
  }
  return json;
}

Json manifest_json(const Manifest& manifest) {
  Json functions = Json::array();
  for (const DeclaredFunction& each : manifest.functions)
    functions.push_back({{"function", each.name},
                         {"request", each.request.name},
                         {"request_schema", schema_text(each.request)},
                         {"reply", each.reply.name},
                         {"reply_schema", schema_text(each.reply)},
                         {"idempotent", each.idempotent}});
  Json calls = Json::array();
  for (const DeclaredCall& each : manifest.calls)
    calls.push_back({{"function", each.function},
                     {"version", each.version},
                     {"request", each.request.name},
                     {"reply", each.reply.name}});
  Json config = Json::array();
  for (const ConfigKey& each : manifest.config)
    config.push_back({{"key", each.name},
                      {"type", name(each.type)},
                      {"required", each.required},
                      {"default", each.default_value.value_or("")}});
  Json state = Json::array();
  for (const DeclaredState& each : manifest.state)
    state.push_back({{"version", each.version}, {"type", each.type.name}, {"schema", schema_text(each.type)}});
  return {{"functions", functions},
          {"calls", calls},
          {"state", state},
          {"topics_in", topics_json(manifest.topics_in)},
          {"topics_out", topics_json(manifest.topics_out)},
          {"config", config},
          {"permissions", {{"read", manifest.permissions.read}, {"syscalls", manifest.permissions.syscalls}}}};
}

Json libraries_json(const std::vector<ManifestLibrary>& libraries) {
  Json json = Json::array();
  for (const ManifestLibrary& each : libraries) json.push_back({{"library", each.name}, {"sha256", each.sha256}});
  return json;
}

Json signature_json(const SignatureState& signature) {
  switch (signature.kind) {
    case SignatureState::Kind::None: return nullptr;
    case SignatureState::Kind::Holds: return {{"key", signature.key}, {"holds", true}};
    case SignatureState::Kind::Broken: break;
  }
  return {{"key", signature.key}, {"holds", false}, {"why", signature.why}};
}

std::string signature_text(const SignatureState& signature) {
  switch (signature.kind) {
    case SignatureState::Kind::None: return "none";
    case SignatureState::Kind::Holds: return fmt::format("holds, by the key {}", signature.key);
    case SignatureState::Kind::Broken: break;
  }
  return "broken: " + signature.why;
}

Json tool_chain_json(const Manifest& manifest) {
  return manifest.tool_chain ? Json(to_string(*manifest.tool_chain)) : Json(nullptr);
}

Json file_json(const PluginFile& file, const std::string& path) {
  Json json{{"kind", "file"},
            {"file", path},
            {"plugin", file.manifest.name},
            {"version", to_string(file.version)},
            {"sha256", file.sha256},
            {"tool_chain", tool_chain_json(file.manifest)},
            {"needed", file.needed},
            {"searches", file.searches},
            {"libraries", libraries_json(file.manifest.libraries)},
            {"signature", signature_json(file.signature)}};
  json.update(manifest_json(file.manifest));
  return json;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& each : words) text += (text.empty() ? "" : ", ") + each;
  return text.empty() ? "nothing" : text;
}

void print_file(const PluginFile& file) {
  const Manifest& manifest = file.manifest;
  Table head{"PLUGIN", manifest.name};
  head.add({"VERSION", to_string(file.version)});
  head.add({"SHA256", file.sha256});
  head.add({"TOOL CHAIN", manifest.tool_chain ? to_string(*manifest.tool_chain) : "its build does not say"});
  head.add({"SIGNATURE", signature_text(file.signature)});
  head.add({"NEEDS", joined(file.needed)});
  if (!file.searches.empty()) head.add({"SEARCHES", joined(file.searches)});
  head.add({"READS", joined(manifest.permissions.read)});
  head.add({"SYSCALLS", joined(manifest.permissions.syscalls)});
  head.print();
  print_line("");
  Table table{"DECLARES", "NAME", "TYPES", "SCHEMA"};
  for (const auto& each : manifest.functions)
    table.add({"function", each.name, each.request.name + " -> " + each.reply.name,
               schema_text(each.request) + " -> " + schema_text(each.reply)});
  for (const auto& each : manifest.calls)
    table.add({"call", each.function + (each.version.empty() ? "" : " " + each.version),
               each.request.name + " -> " + each.reply.name,
               schema_text(each.request) + " -> " + schema_text(each.reply)});
  for (const auto& each : manifest.topics_in)
    table.add({"topic in", each.name, each.type.name, schema_text(each.type)});
  for (const auto& each : manifest.topics_out)
    table.add({"topic out", each.name,
               each.type.name + (each.last_will.empty() ? "" : fmt::format(", last will \"{}\"", each.last_will)),
               schema_text(each.type)});
  for (const auto& each : manifest.state)
    table.add({"state", std::to_string(each.version), each.type.name, schema_text(each.type)});
  for (const auto& each : manifest.libraries) table.add({"library", each.name, each.sha256});
  for (const auto& each : manifest.config) {
    const auto otherwise = each.default_value ? fmt::format("default \"{}\"", *each.default_value) : "no default";
    table.add({"config", each.name, fmt::format("{}, {}", name(each.type), each.required ? "required" : otherwise)});
  }
  table.print();
}

Status inspect_file(const Options& options) {
  SHUNT_TRY(file, inspect_plugin(options.name));
  if (options.json) print_line(to_line(file_json(file, options.name)));
  else print_file(file);
  return {};
}

// ---- A running host

void print_members(const Json& object) {
  Table table{"MEMBER", "VALUE"};
  for (const auto& [member, value] : object.items())
    if (!value.is_structured()) table.add({member, value.is_string() ? value.get<std::string>() : to_line(value)});
  table.print();
}

void print_last_wills(const Json& plugin) {
  if (list_of(plugin, "last_wills").empty()) return;
  Table table{"LAST WILL", "TOPIC", "BYTES", "SET"};
  for (const Json& each : list_of(plugin, "last_wills"))
    table.add({text_of(each, "last_will"), text_of(each, "topic"), std::to_string(number_of(each, "bytes")),
               std::to_string(number_of(each, "set"))});
  table.print();
  print_line("");
}

void print_versions(const Json& plugin) {
  if (list_of(plugin, "versions").empty()) return;
  Table table{"VERSION", "SERVES", "FILE"};
  for (const Json& each : list_of(plugin, "versions"))
    table.add({text_of(each, "version"), each.contains("serves") && each["serves"] == true ? "yes" : "no",
               text_of(each, "file")});
  table.print();
  print_line("");
}

// ---- How one ended

/// The object of a host's answer; an empty one when it is missing, null or something else.
Json object_of(const Json& json, const char* member) {
  const auto found = json.find(member);
  return found != json.end() && found->is_object() ? *found : Json::object();
}

bool is_true(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::string last_text(const Json& last) {
  std::string text = fmt::format("{}, {}", text_of(last, "route"),
                                 is_true(last, "in_hand") ? "its handler ran" : "its handler had returned");
  constexpr double kNsPerMs = 1e6;
  if (last.contains("age_ns") && last["age_ns"].is_number())
    text += fmt::format(", asked for {:.1f} ms before", last["age_ns"].get<double>() / kNsPerMs);
  return text;
}

std::string denied_text(const Json& denied) {
  std::string arguments;
  for (const Json& each : list_of(denied, "arguments"))
    arguments +=
        fmt::format("{}{:#x}", arguments.empty() ? "" : ", ", each.is_number() ? each.get<std::uint64_t>() : 0);
  return fmt::format("{}({}) in {}, {} of them", text_of(denied, "call"), arguments, text_of(denied, "phase"),
                     number_of(denied, "count"));
}

std::string said_text(const Json& said) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (const auto type = text_of(said, "exception"); !type.empty()) add("nobody caught " + type);
  else if (is_true(said, "terminated")) add("std::terminate was called");
  if (const auto what = text_of(said, "what"); !what.empty()) text += fmt::format(" \"{}\"", what);
  if (const auto signal = number_of(said, "signal"); signal > 0) add(fmt::format("signal {}", signal));
  if (const auto address = text_of(said, "address"); !address.empty()) text += " at address " + address;
  if (const auto thread = text_of(said, "thread"); !thread.empty()) text += " in thread " + thread;
  return text;
}

void print_crash(const Json& crash) {
  if (crash.empty()) return;
  constexpr std::uint64_t kBytesPerKib = 1024;
  Table table{"LAST CRASH", fmt::format("{} {} #{}", text_of(crash, "plugin"), text_of(crash, "version"),
                                        number_of(crash, "instance"))};
  table.add({"KIND", fmt::format("{} ({})", text_of(crash, "kind"), text_of(crash, "error"))});
  table.add({"HOW", text_of(crash, "how")});
  table.add({"STATE", text_of(crash, "state")});
  if (const auto why = text_of(crash, "phase_error"); !why.empty()) table.add({"PHASE", why});
  if (const Json last = object_of(crash, "last"); !last.empty()) table.add({"LAST MESSAGE", last_text(last)});
  if (const Json denied = object_of(crash, "denied"); !denied.empty()) table.add({"LAST DENIED", denied_text(denied)});
  if (const auto bytes = number_of(crash, "memory_bytes"); bytes > 0)
    table.add({"MEMORY", fmt::format("{} KiB private", bytes / kBytesPerKib)});
  const Json said = object_of(crash, "says_the_plugin");
  if (!said.empty()) table.add({"SAYS THE PLUGIN", said_text(said)});
  const bool thrown = !list_of(said, "thrown_at").empty();
  for (const Json& each : list_of(said, thrown ? "thrown_at" : "backtrace"))
    table.add({"", "at " + (each.is_string() ? each.get<std::string>() : std::string{})});
  table.print();
  print_line("");
}

// ---- Routes

void print_receivers(const Json& route) {
  Table table{"RECEIVER", "VERSION", "WAITING",     "BACKLOG",   "DROPPED",
              "REFUSED",  "UNKNOWN", "REDELIVERED", "CONFLATED", "LATCHED"};
  for (const Json& each : list_of(route, "receivers")) {
    const auto number = [&](const char* member) { return std::to_string(number_of(each, member)); };
    table.add({text_of(each, "plugin"), text_of(each, "version"), number("waiting"), number("backlog"),
               number("dropped"), number("refused"), number("unknown"), number("redelivered"), number("conflated"),
               number("latched")});
  }
  table.print();
}

}  // namespace

Status inspect_name(const Options& options) {
  std::error_code ignored;
  const bool looks_like_file = options.name.ends_with(".so") || std::filesystem::is_regular_file(options.name, ignored);
  if (looks_like_file) return inspect_file(options);
  Json request{{"command", "inspect"}};
  if (!options.name.empty()) request["name"] = options.name;
  SHUNT_TRY(answer, ask(options.host, request));
  if (options.json) return print_line(to_line(answer)), Status{};
  if (answer.contains("route")) {
    print_members(answer);
    print_line("");
    print_receivers(answer);
    return {};
  }
  print_versions(answer);
  for (const Json& each : list_of(answer, "instances")) {
    print_members(each);
    print_line("");
    print_last_wills(each);
    if (!each.contains("quotas")) continue;
    print_quotas(each["quotas"]);
    print_line("");
  }
  print_crash(object_of(answer, "crash"));
  for (const Json& each : list_of(answer, "events")) print_line(event_line(each));
  return {};
}

}  // namespace shunt::tool
