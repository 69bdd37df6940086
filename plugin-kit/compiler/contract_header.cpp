#include "contract_state.hpp"
#include "names.hpp"
#include "writers.hpp"

#include <filesystem>

#include <fmt/ranges.h>

namespace shunt::manifest_compiler {
namespace {

std::string type(const std::string& name) { return "::" + cpp_type(name); }

std::string constants(const Resolved& resolved) {
  const auto& declaration = resolved.declaration;
  const auto named = [&](const std::string& name) {
    return fmt::format("{{{}, {{{:#018x}u}}}}", string_literal(name), resolved.hash(name).value);
  };
  auto text = fmt::format(
      "inline constexpr std::string_view kName = {};\n"
      "inline constexpr std::string_view kVersion = {};\n"
      "inline constexpr std::uint32_t kVersionMajor = {};\n"
      "inline constexpr std::uint32_t kVersionMinor = {};\n"
      "inline constexpr std::uint32_t kVersionPatch = {};\n",
      string_literal(declaration.name), string_literal(declaration.version), resolved.version.major,
      resolved.version.minor, resolved.version.patch);
  const auto routes = [&](std::string_view constant, std::string_view route, const std::vector<std::string>& entries) {
    if (entries.empty()) return;
    text += fmt::format("inline constexpr std::array<shunt::kit::{}, {}> {}{{{{\n", route, entries.size(), constant);
    for (const auto& entry : entries) text += "    " + entry + ",\n";
    text += "}};\n";
  };
  std::vector<std::string> functions, calls, in, out;
  for (const auto& f : declaration.functions)
    functions.push_back(fmt::format("{{{}, {}, {}}}", string_literal(declaration.name + "/" + f.name), named(f.request),
                                    named(f.reply)));
  for (const auto& c : declaration.calls)
    calls.push_back(fmt::format("{{{}, {}, {}}}", string_literal(c.function), named(c.request), named(c.reply)));
  for (const auto& t : declaration.topics_in)
    in.push_back(fmt::format("{{{}, {}}}", string_literal(t.name), named(t.type)));
  for (const auto& t : declaration.topics_out)
    out.push_back(t.last_will.empty() ? fmt::format("{{{}, {}}}", string_literal(t.name), named(t.type))
                                      : fmt::format("{{{}, {}, {}}}", string_literal(t.name), named(t.type),
                                                    string_literal(t.last_will)));
  routes("kFunctions", "FunctionRoute", functions);
  routes("kCalls", "FunctionRoute", calls);
  routes("kTopicsIn", "TopicRoute", in);
  routes("kTopicsOut", "TopicRoute", out);
  if (!declaration.state.empty()) {
    std::vector<std::uint32_t> states;
    for (const auto& s : declaration.state) states.push_back(s.version);
    text += fmt::format("inline constexpr std::array<std::uint32_t, {}> kStates{{{{{}}}}};\n", states.size(),
                        fmt::join(states, ", "));
  }
  return text;
}

/// A literal of the value's C++ type.
std::string literal(ConfigType type, const std::string& value) {
  switch (type) {
    // The least one has no literal: its digits without the sign are too large for the type.
    case ConfigType::Int:
      return value == "-9223372036854775808" ? "std::numeric_limits<std::int64_t>::min()"
                                             : "std::int64_t{" + value + "}";
    case ConfigType::Float: return "double{" + value + (value.find_first_of(".e") == std::string::npos ? ".0}" : "}");
    case ConfigType::Bool: return value;
    case ConfigType::String: return string_literal(value);
  }
  return value;
}

std::string config_struct(const Declaration& declaration) {
  static constexpr const char* kTypes[] = {"std::int64_t", "double", "bool", "std::string"};
  std::string members, reads;
  for (const auto& key : declaration.config) {
    const auto member = identifier(key.name);
    const auto optional = [&](const std::optional<std::string>& value) {
      return value ? literal(key.type, *value) : std::string("std::nullopt");
    };
    members += fmt::format("  {} {}{};\n", kTypes[static_cast<int>(key.type)], member,
                           key.fallback ? " = " + literal(key.type, *key.fallback) : "{}");
    reads += fmt::format("  reader.read({}, {}, config.{}", string_literal(key.name), key.required, member);
    if (key.type == ConfigType::Int || key.type == ConfigType::Float)
      reads += ", " + optional(key.minimum) + ", " + optional(key.maximum);
    if (key.type == ConfigType::String) reads += ", " + string_literal(key.pattern.value_or(""));
    reads += ");\n";
  }
  return fmt::format(
      "struct Config {{\n{}}};\n\n"
      "/// What the host gives, checked against the manifest once more. Errors: BadConfiguration.\n"
      "[[nodiscard]] inline shunt::Result<Config> parse_config(shunt::kit::Settings settings) {{\n"
      "  {}Config config;\n"
      "  shunt::kit::SettingsReader reader(kName, settings);\n{}"
      "  SHUNT_CHECK(reader.finish());\n"
      "  return config;\n"
      "}}\n",
      members, declaration.config.empty() ? "const " : "", reads);
}

std::string calls_class(const Declaration& declaration) {
  if (declaration.calls.empty()) return "";
  std::string methods;
  for (std::size_t i = 0; i < declaration.calls.size(); ++i) {
    const auto& call = declaration.calls[i];
    methods += fmt::format(
        "  /// {0}; `build` gets a flatbuffers::FlatBufferBuilder& and returns the offset of a {1}.\n"
        "  template <typename Build>\n"
        "  [[nodiscard]] shunt::Result<shunt::kit::Answer<{2}>> {3}(\n"
        "      const shunt::kit::Context& context, Build&& build, shunt::kit::CallOptions options = {{}}) const {{\n"
        "    return shunt::kit::call<{4}, {2}>(link_, context, kCalls[{5}], {5}, hints_[{5}], build, options);\n"
        "  }}\n\n",
        call.function, call.request, type(call.reply), identifier(call.function), type(call.request), i);
  }
  return fmt::format(
      "/// The functions of other plugins that the manifest lets this one call.\n"
      "class Calls {{\n public:\n"
      "  Calls(const shunt::kit::Link& link, shunt::bus::SizeHint* hints) : link_(link), hints_(hints) {{}}\n\n{}"
      " private:\n"
      "  const shunt::kit::Link& link_;\n"
      "  shunt::bus::SizeHint* hints_;\n"
      "}};\n\n",
      methods);
}

/// The contract once more, for those who have the plugin's class and want its types and names.
std::string types(const Declaration& declaration) {
  std::string lists, routes, visits;
  const auto list = [&](std::string_view name, std::string_view route, std::string_view constant,
                        const std::vector<std::string>& entries) {
    lists += fmt::format("    using {} = std::tuple<{}>;\n", name, fmt::join(entries, ", "));
    routes += fmt::format("    static constexpr std::span<const shunt::kit::{}> {}() {{ return {}; }}\n", route,
                          constant, entries.empty() ? "{}" : fmt::format("k{}", name));
  };
  std::vector<std::string> functions, calls, in, out;
  const auto exchange = [](const auto& f) {
    return fmt::format("shunt::kit::Exchange<{}, {}>", type(f.request), type(f.reply));
  };
  for (const auto& f : declaration.functions) functions.push_back(exchange(f));
  for (const auto& c : declaration.calls) calls.push_back(exchange(c));
  for (const auto& t : declaration.topics_in) in.push_back(type(t.type));
  for (const auto& t : declaration.topics_out) out.push_back(type(t.type));
  list("Functions", "FunctionRoute", "functions", functions);
  list("Calls", "FunctionRoute", "calls", calls);
  list("TopicsIn", "TopicRoute", "topics_in", in);
  list("TopicsOut", "TopicRoute", "topics_out", out);
  std::vector<std::string> states;
  for (const auto& s : declaration.state) states.push_back(type(s.type));
  lists += fmt::format("    using States = std::tuple<{}>;\n", fmt::join(states, ", "));
  routes += fmt::format("    static constexpr std::span<const std::uint32_t> states() {{ return {}; }}\n",
                        states.empty() ? "{}" : "kStates");
  for (const auto& key : declaration.config)
    visits += fmt::format("      visit({}, config.{});\n", string_literal(key.name), identifier(key.name));
  return fmt::format(
      "  /// What the numbers of the C ABI stand for, in the manifest's order. For <shunt/test.hpp>.\n"
      "  struct ShuntTypes {{\n"
      "    using Config = ::{0}::Config;\n{1}"
      "    static constexpr std::string_view plugin() {{ return kName; }}\n"
      "    static constexpr std::string_view version() {{ return kVersion; }}\n{2}"
      "    template <typename Visit>\n"
      "    static void each_setting([[maybe_unused]] const Config& config, [[maybe_unused]] Visit&& visit) {{\n{3}"
      "    }}\n"
      "  }};\n\n",
      identifier(declaration.name), lists, routes, visits);
}

std::string handlers(const Declaration& declaration) {
  std::string text;
  if (declaration.config.empty())
    text +=
        "  /// Memory only: no effects, no I/O. Idempotent.\n"
        "  virtual shunt::Status init([[maybe_unused]] const Config& config) { return {}; }\n";
  else
    text +=
        "  /// Memory only: no effects, no I/O. Idempotent.\n"
        "  virtual shunt::Status init(const Config& config) = 0;\n";
  for (const auto& f : declaration.functions)
    text += fmt::format(
        "  virtual shunt::Status {}(const shunt::kit::Context& context, const {}& request,\n"
        "      shunt::kit::Reply<{}>& reply) = 0;\n",
        identifier(f.name), type(f.request), type(f.reply));
  for (const auto& t : declaration.topics_in)
    text += fmt::format(
        "  /// An error is reported by the host; nobody waits for it.\n"
        "  virtual shunt::Status on_{}(const shunt::kit::Context& context,\n"
        "      const shunt::kit::Received<{}>& received) = 0;\n",
        identifier(t.name), type(t.type));
  for (const auto& t : declaration.topics_out)
    if (!t.last_will.empty())
      text += fmt::format(
          "  /// What the host publishes on {0} for this plugin when it vanishes: write it to `will`. After\n"
          "  /// validate(), and in renew_{1}(). An error is one of that.\n"
          "  virtual shunt::Status {1}(shunt::kit::LastWill<{2}>& will) = 0;\n",
          t.name, identifier(t.last_will), type(t.type));
  return text;
}

/// How the contract asks for what the host is to publish for a plugin that vanishes.
std::string last_wills(const Declaration& declaration) {
  std::string text;
  for (std::size_t i = 0; i < declaration.topics_out.size(); ++i) {
    const auto& topic = declaration.topics_out[i];
    if (topic.last_will.empty()) continue;
    text += fmt::format(
        "  /// Runs {0}() once more; what it writes takes the place of the last will for {1}. Only on\n"
        "  /// threads that run handlers or phases, from validate on; allocates, and makes a system call. After an "
        "error\n"
        "  /// the earlier one stays.\n"
        "  [[nodiscard]] shunt::Status renew_{0}() {{\n"
        "    return shunt::kit::set_last_will<{2}>(shunt_link(), kName, kTopicsOut[{3}], {3},\n"
        "        [this](auto& shunt_will) {{ return {0}(shunt_will); }});\n"
        "  }}\n\n",
        identifier(topic.last_will), topic.name, type(topic.type), i);
  }
  return text;
}

/// After validate.
std::string first_last_wills(const Declaration& declaration) {
  std::string asked;
  for (const auto& topic : declaration.topics_out)
    if (!topic.last_will.empty()) asked += fmt::format("    SHUNT_CHECK(renew_{}());\n", identifier(topic.last_will));
  if (asked.empty()) return asked;
  return fmt::format("  shunt::Status shunt_last_wills() final {{\n{}    return {{}};\n  }}\n", asked);
}

/// What a sender gives, for comments.
std::string what_to_give(const Resolved& resolved, const std::string& name) {
  if (resolved.schemas.is_struct(name)) return fmt::format("`build` is a {0}, or gets a {0}& to write", name);
  return fmt::format("`build` gets a flatbuffers::FlatBufferBuilder& and returns the offset of a {}", name);
}

/// How a struct is written in place.
std::string loans(const Topic& topic, std::size_t index) {
  return fmt::format(
      "  /// Memory of one {0}, all zero, to write in place; what is not published goes back by itself.\n"
      "  [[nodiscard]] shunt::Result<shunt::kit::Loan<{1}>> loan_{2}() {{\n"
      "    return shunt::kit::loan<{1}>(shunt_link());\n"
      "  }}\n"
      "  [[nodiscard]] shunt::Status publish_{2}(shunt::kit::Loan<{1}>&& loan,\n"
      "      shunt::kit::PublishOptions options = {{}}) {{\n"
      "    return shunt::kit::publish<{1}>(shunt_link(), {3}, std::move(loan), options);\n"
      "  }}\n\n",
      topic.type, type(topic.type), identifier(topic.name), index);
}

std::string senders(const Resolved& resolved) {
  const auto& declaration = resolved.declaration;
  std::string text;
  if (!declaration.calls.empty())
    text += "  [[nodiscard]] Calls calls() { return {shunt_link(), call_hints_.data()}; }\n\n";
  for (std::size_t i = 0; i < declaration.topics_out.size(); ++i) {
    const auto& topic = declaration.topics_out[i];
    text += fmt::format(
        "  /// {0}; {1}.\n"
        "  template <typename Build>\n"
        "  [[nodiscard]] shunt::Status publish_{2}(Build&& build, shunt::kit::PublishOptions options = {{}}) {{\n"
        "    return shunt::kit::publish<{3}>(shunt_link(), {4}, topic_hints_[{4}], build, options);\n"
        "  }}\n"
        "  /// The same `count` times, with `build(i, ...)`; they go out together, in their order.\n"
        "  template <typename Build>\n"
        "  [[nodiscard]] shunt::Result<shunt::kit::BatchSent> publish_batch_{2}(std::size_t count, Build&& build,\n"
        "      const shunt::kit::BatchOptions& options = {{}}) {{\n"
        "    return shunt::kit::publish_batch<{3}>(shunt_link(), {4}, topic_hints_[{4}], count, build, options);\n"
        "  }}\n\n",
        topic.name, what_to_give(resolved, topic.type), identifier(topic.name), type(topic.type), i);
    if (resolved.schemas.is_struct(topic.type)) text += loans(topic, i);
  }
  if (!declaration.topics_out.empty())
    text +=
        "  /// How many publications fit into the ring to the host now; a receiver that refuses more fills it.\n"
        "  [[nodiscard]] std::size_t ring_room() const { return shunt_link().services->room(shunt_link().runtime); "
        "}\n\n";
  return text;
}

std::string dispatch(const Declaration& declaration) {
  std::string functions, topics;
  for (std::size_t i = 0; i < declaration.functions.size(); ++i) {
    const auto& f = declaration.functions[i];
    functions += fmt::format(
        "      case {0}:\n"
        "        return shunt::kit::serve<{1}, {2}>(shunt_link(), message, kFunctions[{0}], reply_hints_[{0}],\n"
        "            [this](const auto& context, const auto& request, auto& reply) {{\n"
        "              return {3}(context, request, reply);\n"
        "            }});\n",
        i, type(f.request), type(f.reply), identifier(f.name));
  }
  for (std::size_t i = 0; i < declaration.topics_in.size(); ++i) {
    const auto& t = declaration.topics_in[i];
    topics += fmt::format(
        "      case {0}:\n"
        "        return shunt::kit::deliver<{1}>(shunt_link(), message, kTopicsIn[{0}],\n"
        "            [this](const auto& context, const auto& received) {{ return on_{2}(context, received); }});\n",
        i, type(t.type), identifier(t.name));
  }
  return fmt::format(
      "  shunt::Status shunt_init(shunt::kit::Settings settings) final {{\n"
      "    SHUNT_TRY(config, ::{0}::parse_config(settings));\n"
      "    return init(config);\n"
      "  }}\n"
      "  void shunt_handle(const shunt_message& message) final {{\n"
      "    switch (message.index) {{\n{1}"
      "      default: return shunt::kit::refuse_index(shunt_link(), message, \"function\", {2});\n"
      "    }}\n  }}\n"
      "  void shunt_receive(const shunt_message& message) final {{\n"
      "    switch (message.index) {{\n{3}"
      "      default: return shunt::kit::refuse_index(shunt_link(), message, \"topic\", {4});\n"
      "    }}\n  }}\n",
      identifier(declaration.name), functions, declaration.functions.size(), topics, declaration.topics_in.size());
}

std::string members(const Declaration& declaration) {
  std::string text;
  const auto hints = [&](std::string_view name, std::size_t count) {
    if (count != 0) text += fmt::format("\n  std::array<shunt::bus::SizeHint, {}> {};", count, name);
  };
  hints("reply_hints_", declaration.functions.size());
  hints("call_hints_", declaration.calls.size());
  hints("topic_hints_", declaration.topics_out.size());
  return text.empty() ? text : text + "\n";
}

}  // namespace

std::string schema_includes(const Resolved& resolved) {
  std::string text;
  for (const auto& file : resolved.schemas.files())
    text += fmt::format("#include \"{}_generated.h\"\n", std::filesystem::path(file.name).stem().string());
  return text;
}

std::string contract_header(const Resolved& resolved) {
  const auto& declaration = resolved.declaration;
  return fmt::format(
      "#pragma once\n"
      "/// The contract of {0} {1}. Generated by shunt-manifest from its manifest; do not edit.\n\n"
      "#include <array>\n#include <cstdint>\n#include <limits>\n#include <optional>\n#include <span>\n"
      "#include <string>\n#include <string_view>\n#include <tuple>\n#include <utility>\n\n#include "
      "<shunt/plugin.hpp>\n\n{2}\n"
      "namespace {3} {{\n\n{4}\n{5}\n{6}"
      "/// What {0} promises. Derive from it, write what is pure, and say SHUNT_PLUGIN(YourClass).\n"
      "class Contract : public shunt::kit::ContractBase {{\n public:\n{7}{8}\n protected:\n{9} "
      "private:\n{10}{11}}};\n\n"
      "}}  // namespace {3}\n",
      declaration.name, declaration.version, schema_includes(resolved), identifier(declaration.name),
      constants(resolved), config_struct(declaration), calls_class(declaration), types(declaration),
      handlers(declaration) + state_handlers(declaration), senders(resolved) + last_wills(declaration),
      dispatch(declaration) + first_last_wills(declaration) + state_dispatch(declaration), members(declaration));
}

}  // namespace shunt::manifest_compiler
