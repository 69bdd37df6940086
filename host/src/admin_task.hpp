#pragma once
/// A request at the admin socket while it is worked on: what it says, read member by member, and its answer.

#include "admin_json.hpp"
#include "admin_server.hpp"
#include "version_choice.hpp"

#include <shunt/host/base64.hpp>
#include <shunt/host/options.hpp>
#include <shunt/host/route_target.hpp>
#include <shunt/host/scope.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace shunt::host {

/// One request while it is worked on.
struct Task {
  AdminServer& server;
  std::uint64_t client = 0;
  Json request;

  [[nodiscard]] Core& core() const { return server.core(); }
  /// From any thread, once.
  void answer(Result<Json> result) const { server.answer(client, to_text(answer_json(std::move(result)))); }

  [[nodiscard]] Result<PublishOptions> publish_options() const {
    PublishOptions options;
    const auto urgent = request.find("urgent");
    if (urgent != request.end() && !urgent->is_boolean())
      return error(ErrorCode::BadInput, "\"urgent\" is true or false");
    options.urgent = urgent != request.end() && urgent->get<bool>();
    SHUNT_TRY(said, key());
    SHUNT_TRY(wanted, hints());
    options.key = said;
    options.hints = wanted;
    return options;
  }
  [[nodiscard]] Result<Key> key() const {
    const auto found = request.find("key");
    if (found == request.end()) return Key{};
    if (found->is_string()) return Key{found->get<std::string>()};
    if (found->is_number_unsigned()) return Key{found->get<std::uint64_t>()};
    return error(ErrorCode::BadInput, "\"key\" is a whole number from 0 on, or a text");
  }
  [[nodiscard]] Result<Hints> hints() const {
    if (!request.contains("hints")) return Hints{};
    SHUNT_TRY(said, text("hints"));
    return Hints::parse(said);
  }

  /// Errors: BadInput, naming the member.
  [[nodiscard]] Result<std::string> text(const char* member) const {
    const auto found = request.find(member);
    if (found == request.end() || !found->is_string())
      return error(ErrorCode::BadInput, "the request needs \"{}\", a text", member);
    return found->get<std::string>();
  }
  [[nodiscard]] Result<std::vector<std::uint8_t>> payload() const {
    SHUNT_TRY(encoded, text("payload"));
    return from_base64(encoded);
  }
  [[nodiscard]] Result<std::optional<std::chrono::milliseconds>> milliseconds(const char* member) const {
    constexpr std::int64_t kMost = 3'600'000;
    const auto found = request.find(member);
    if (found == request.end()) return std::nullopt;
    const std::int64_t ms = found->is_number_integer() ? found->get<std::int64_t>() : 0;
    if (ms < 1 || ms > kMost) return error(ErrorCode::BadInput, "\"{}\" is a whole number, 1 .. {}", member, kMost);
    return std::chrono::milliseconds{ms};
  }
  [[nodiscard]] Result<CallOptions> call_options() const {
    SHUNT_TRY(deadline, milliseconds("deadline_ms"));
    SHUNT_TRY(said, key());
    SHUNT_TRY(wanted, hints());
    CallOptions options{.key = said, .hints = wanted};
    if (deadline) options.deadline = *deadline;
    return options;
  }
  [[nodiscard]] Result<std::vector<VersionChoice>> version_choices() const {
    std::vector<SwitchTarget> targets;
    const auto list = request.find("to");
    if (list == request.end()) {
      SHUNT_TRY(plugin, text("plugin"));
      SHUNT_TRY(version, text("version"));
      return choices_of({{plugin, version}});
    }
    if (!list->is_array()) return error(ErrorCode::BadInput, "\"to\" is a list");
    for (const Json& each : *list) {
      const auto text_of = [&](const char* member) {
        const auto found = each.is_object() ? each.find(member) : each.end();
        return found != each.end() && found->is_string() ? found->get<std::string>() : std::string{};
      };
      targets.push_back({text_of("plugin"), text_of("version")});
      if (targets.back().plugin.empty() || targets.back().version.empty())
        return error(ErrorCode::BadInput,
                     "a switch needs \"plugin\" and \"version\", texts, or a list of such in \"to\"");
    }
    return choices_of(targets);
  }
  [[nodiscard]] Result<RouteTargets> route_targets() const {
    SHUNT_TRY(route, text("route"));
    RouteTargets result{.route = route};
    if (request.contains("plugin")) {
      SHUNT_TRY(plugin, text("plugin"));
      result.plugin = plugin;
    }
    const auto list = request.find("targets");
    if (list == request.end() || !list->is_array()) return error(ErrorCode::BadInput, "\"targets\" is a list");
    for (const Json& each : *list) {
      const bool is_one = each.is_object() && each.contains("version") && each["version"].is_string() &&
                          each.contains("weight") && each["weight"].is_number_unsigned() &&
                          each["weight"] <= kWeightMax && (!each.contains("on") || each["on"].is_boolean());
      if (!is_one)
        return error(ErrorCode::BadInput,
                     "a target is \"version\", a text, \"weight\", a number from 0 to {}, and \"on\", true or false",
                     kWeightMax);
      result.targets.push_back({each["version"].get<std::string>(), each["weight"].get<std::uint32_t>(),
                                !each.contains("on") || each["on"].get<bool>()});
    }
    return result;
  }
  /// Of "everything", which is true, or "name"; releases before had "plugin" for it.
  [[nodiscard]] Result<Scope> scope() const {
    if (const auto all = request.find("everything"); all != request.end()) {
      if (*all != true || request.contains("name") || request.contains("plugin"))
        return error(ErrorCode::BadInput, "\"everything\" is true, and stands without \"name\"");
      return Scope::everything();
    }
    SHUNT_TRY(name, text(request.contains("plugin") ? "plugin" : "name"));
    return Scope{name};
  }
};

}  // namespace shunt::host
