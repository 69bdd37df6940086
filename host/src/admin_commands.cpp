#include "admin_commands.hpp"

#include "admin_echo.hpp"
#include "admin_json.hpp"
#include "admin_rollouts.hpp"
#include "admin_task.hpp"
#include "by_name.hpp"
#include "explaining.hpp"
#include "units.hpp"

#include <shunt/host/base64.hpp>
#include <shunt/schemas/names.hpp>

#include <algorithm>
#include <array>

namespace shunt::host {
namespace {

/// Errors: Stopped.
Result<HostSnapshot> snapshot_of(Core& core) {
  HostSnapshot result;
  SHUNT_CHECK(core.on_loop([&](const auto& done) {
    result = core.supervisor->snapshot();
    done({});
  }));
  return result;
}

/// Errors: Stopped.
Result<std::vector<KnownVersion>> versions_of(Core& core, const std::string& plugin) {
  std::vector<KnownVersion> result;
  SHUNT_CHECK(core.on_loop([&](const auto& done) {
    result = core.supervisor->versions_of(plugin);
    done({});
  }));
  return result;
}

template <typename Values>
Json list(const Values& values, Json (*to_json)(const typename Values::value_type&)) {
  Json array = Json::array();
  for (const auto& each : values) array.push_back(to_json(each));
  return array;
}

// ---- Seeing

Result<Json> list_all(const Task& task) {
  SHUNT_TRY(snapshot, snapshot_of(task.core()));
  return Json{{"host", snapshot.name},
              {"epoch", snapshot.epoch},
              {"in_flight", snapshot.in_flight},
              {"plugins", list(snapshot.plugins, plugin_json)},
              {"pools", list(snapshot.pools, pool_json)},
              {"validators", validators_json(snapshot.validators)},
              {"routes", list(snapshot.routes, route_json)}};
}

Result<Json> tell_version(const Task& task) {
  return Json{{"version", SHUNT_VERSION},
              {"host", task.core().configuration.name},
              {"pid", ::getpid()},
              {"layout", bus::kLayoutVersion}};
}

std::vector<HostEvent> events_of(Core& core, const std::function<bool(const HostEvent&)>& wanted) {
  std::vector<HostEvent> events = core.events.after(0);
  std::erase_if(events, [&](const HostEvent& each) { return !wanted(each); });
  return events;
}

/// With who holds what of it, unless it does not run.
Json instance_json(Core& core, const PluginSnapshot& instance) {
  Json json = plugin_json(instance);
  if (const auto quotas = quotas_of(core, instance.instance)) json["quotas"] = quotas_json(*quotas);
  return json;
}

/// The last report of a plugin, or of an instance if it is the last of its plugin; null when there is none.
std::shared_ptr<const CrashReport> crash_of(const Core& core, const std::string& name) {
  for (const auto& each : core.crashes.all())
    if (each->plugin == name || std::to_string(each->instance) == name) return each;
  return nullptr;
}

/// What runs, and what has ended and left a report.
Result<Json> inspect_plugin_or_instance(const Task& task, const HostSnapshot& snapshot, const std::string& name) {
  std::vector<PluginSnapshot> found = snapshot.plugins;
  std::erase_if(found, [&](const PluginSnapshot& each) {
    return each.plugin != name && (each.instance == 0 || std::to_string(each.instance) != name);
  });
  const auto crash = crash_of(task.core(), name);
  if (found.empty() && crash == nullptr)
    return error(ErrorCode::NoSuchPlugin, "there is no plugin, route or instance \"{}\": see `shunt ls`", name);
  const bool by_number = (found.empty() ? crash->plugin : found.front().plugin) != name;
  const auto events = events_of(task.core(), [&](const HostEvent& event) {
    return by_number ? std::to_string(event.instance) == name : event.plugin == name;
  });
  Json json{{"kind", by_number ? "instance" : "plugin"}, {"name", name}};
  if (!by_number) {
    SHUNT_TRY(versions, versions_of(task.core(), name));
    json["versions"] = list(versions, version_json);
  }
  json["instances"] = Json::array();
  for (const PluginSnapshot& each : found) json["instances"].push_back(instance_json(task.core(), each));
  json["crash"] = crash == nullptr ? Json(nullptr) : crash_json(*crash);
  json["events"] = list(events, event_json);
  return json;
}

Result<Json> inspect(const Task& task) {
  SHUNT_TRY(snapshot, snapshot_of(task.core()));
  if (!task.request.contains("name"))
    return Json{{"kind", "host"}, {"name", snapshot.name}, {"events", list(task.core().events.after(0), event_json)}};
  SHUNT_TRY(name, task.text("name"));
  const auto is_meant = [&](const RouteSnapshot& each) { return each.name == name && !each.is_earlier; };
  if (const auto route = std::ranges::find_if(snapshot.routes, is_meant); route != snapshot.routes.end())
    return route_json(*route);
  return inspect_plugin_or_instance(task, snapshot, name);
}

/// Everything, or of one plugin.
Result<Json> audit(const Task& task) {
  std::vector<AuditRecord> records = task.core().audit.all();
  if (task.request.contains("plugin")) {
    SHUNT_TRY(plugin, task.text("plugin"));
    SHUNT_TRY(snapshot, snapshot_of(task.core()));
    const auto is_of_it = [&](const auto& each) { return each.plugin == plugin; };
    // One that has left is still in the records.
    if (std::ranges::none_of(records, is_of_it) && std::ranges::none_of(snapshot.plugins, is_of_it))
      return error(ErrorCode::NoSuchPlugin, "there is no plugin \"{}\": see `shunt ls`", plugin);
    std::erase_if(records, [&](const AuditRecord& each) { return each.plugin != plugin; });
  }
  return Json{{"records", list(records, audit_json)}};
}

Result<Json> describe_route(const Task& task) {
  SHUNT_TRY(route, task.text("route"));
  return route_json(task.core(), route);
}

/// "route", and of the message that is meant "hints" and "key".
Result<Json> explain_route(const Task& task) {
  SHUNT_TRY(route, task.text("route"));
  SHUNT_TRY(hints, task.hints());
  SHUNT_TRY(key, task.key());
  SHUNT_TRY(explanations, explain(task.core(), route, hints, key));
  return Json{
      {"route", route}, {"hints", std::string{hints.text()}}, {"plugins", list(explanations, explanation_json)}};
}

// ---- Messages

Result<Json> publish_payload(const Task& task) {
  SHUNT_TRY(topic, task.text("topic"));
  SHUNT_TRY(payload, task.payload());
  SHUNT_TRY(options, task.publish_options());
  SHUNT_TRY(delivery, publish(task.core().shared_from_this(), topic, payload, options));
  return Json{{"delivered", delivery.delivered},
              {"waiting", delivery.waiting},
              {"dropped", delivery.dropped},
              {"conflated", delivery.conflated}};
}

Result<Json> call_and_wait(const Task& task) {
  SHUNT_TRY(route, task.text("route"));
  SHUNT_TRY(payload, task.payload());
  SHUNT_TRY(options, task.call_options());
  auto reply = call(task.core().shared_from_this(), route, payload, options);
  if (!reply) return tl::make_unexpected(std::move(reply).error());
  return Json{
      {"payload", to_base64(reply->bytes())}, {"bytes", reply->bytes().size()}, {"fallback", reply->is_fallback()}};
}

void call_route(Task task) {
  AdminServer& server = task.server;
  const std::uint64_t client = task.client;
  const Status begun = server.begin_call([task = std::move(task)] { task.answer(call_and_wait(task)); });
  if (!begun) server.send(client, to_text(error_json(begun.error())));
}

void echo_topic(Task task) {
  const auto topic = task.text("topic");
  if (!topic) return task.answer(tl::make_unexpected(topic.error()));
  start_echo(task.server, task.client, *topic);
}

// ---- Plugins

/// Hands `work` to the control loop, which answers with `result` when it is done: nobody waits here.
void on_control_loop(Task task, std::function<void(Supervisor&, Supervisor::Done)> work,
                     std::function<Json(Supervisor&)> result) {
  Core& core = task.core();
  core.loop->post([&core, task = std::move(task), work = std::move(work), result = std::move(result)] {
    work(*core.supervisor, [&core, task, result](const Status& status) {
      if (status) task.answer(result(*core.supervisor));
      else task.answer(tl::make_unexpected(status.error()));
    });
  });
}

/// Routes to the plugin that are off by their own names.
Json routes_off(const HostSnapshot& snapshot, const std::string& plugin) {
  Json names = Json::array();
  for (const RouteSnapshot& route : snapshot.routes)
    if (route.admission != "Open" &&
        std::ranges::find(route.receivers, plugin, &RouteSnapshot::Receiver::plugin) != route.receivers.end())
      names.push_back(route.name);
  return names;
}

/// What it is about, and how that stands now.
Json standing_json(Supervisor& supervisor, const Scope& scope) {
  if (scope.is_everything()) return {{"everything", true}};
  const HostSnapshot snapshot = supervisor.snapshot();
  const auto plugin = std::ranges::find(snapshot.plugins, scope.name(), &PluginSnapshot::plugin);
  if (plugin != snapshot.plugins.end())
    return {{"plugin", plugin->plugin},
            {"state", plugin->state},
            {"admission", plugin->admission},
            {"routes_off", routes_off(snapshot, plugin->plugin)}};
  const auto route = std::ranges::find(snapshot.routes, scope.name(), &RouteSnapshot::name);
  if (route != snapshot.routes.end()) return {{"route", route->name}, {"admission", route->admission}};
  return {{is_name(scope.name()) ? "plugin" : "route", scope.name()}};  // it has left
}

/// "plugin" and "version", or "to": a list of such pairs.
void switch_plugins(Task task) {
  const auto choices = task.version_choices();
  if (!choices) return task.answer(tl::make_unexpected(choices.error()));
  on_control_loop(
      std::move(task),
      [choices = *choices](Supervisor& supervisor, Supervisor::Done done) {
        supervisor.switch_to(choices, std::move(done));
      },
      [](Supervisor&) { return Json::object(); });
}

/// "route", "plugin" where it is needed, and "targets": a list of "version", "weight" and "on".
void share_route(Task task) {
  const auto targets = task.route_targets();
  if (!targets) return task.answer(tl::make_unexpected(targets.error()));
  on_control_loop(
      std::move(task),
      [targets = *targets](Supervisor& supervisor, Supervisor::Done done) {
        supervisor.share(targets, std::move(done));
      },
      [](Supervisor&) { return Json::object(); });
}

void advance_clock(Task task) {
  const auto plugin = task.text("plugin");
  const auto by_text = task.text("by");
  const auto within = task.milliseconds("timeout_ms");
  if (!plugin) return task.answer(tl::make_unexpected(plugin.error()));
  if (!by_text) return task.answer(tl::make_unexpected(by_text.error()));
  if (!within) return task.answer(tl::make_unexpected(within.error()));
  const auto by = parse_duration(*by_text);
  if (!by) return task.answer(tl::make_unexpected(by.error()));
  const auto result = std::make_shared<ClockAdvance>();
  on_control_loop(
      std::move(task),
      [plugin = *plugin, by = *by, within = within->value_or(std::chrono::seconds{5}), result](
          Supervisor& supervisor, const Supervisor::Done& done) {
        supervisor.advance_clock(plugin, by, within, [result, done](const Result<ClockAdvance>& advanced) {
          if (advanced) *result = *advanced;
          done(advanced ? Status{} : tl::make_unexpected(advanced.error()));
        });
      },
      [result](Supervisor&) {
        return Json{{"now_ns", result->now.count()}, {"says", {{"fired", result->says_fired}}}};
      });
}

/// stop, restart and drain.
template <void (Supervisor::*kDoing)(const Scope&, Supervisor::Within, Supervisor::Done)>
void tell_and_wait(Task task) {
  const auto scope = task.scope();
  if (!scope) return task.answer(tl::make_unexpected(scope.error()));
  const auto within = task.milliseconds("timeout_ms");
  if (!within) return task.answer(tl::make_unexpected(within.error()));
  on_control_loop(
      std::move(task),
      [scope = *scope, within = *within](Supervisor& supervisor, Supervisor::Done done) {
        (supervisor.*kDoing)(scope, within, std::move(done));
      },
      [scope = *scope](Supervisor& supervisor) { return standing_json(supervisor, scope); });
}

/// disable and enable.
template <void (Supervisor::*kDoing)(const Scope&, Supervisor::Done)>
void tell(Task task) {
  const auto scope = task.scope();
  if (!scope) return task.answer(tl::make_unexpected(scope.error()));
  on_control_loop(
      std::move(task),
      [scope = *scope](Supervisor& supervisor, Supervisor::Done done) { (supervisor.*kDoing)(scope, std::move(done)); },
      [scope = *scope](Supervisor& supervisor) { return standing_json(supervisor, scope); });
}

/// For commands that never take long.
template <Result<Json> (*kDoing)(const Task&)>
void at_once(Task task) {
  const Task asked = std::move(task);
  asked.answer(kDoing(asked));
}

struct Command {
  std::string_view name;
  void (*run)(Task);
};

constexpr std::array kCommands{
    Command{"ls", at_once<list_all>},
    Command{"version", at_once<tell_version>},
    Command{"inspect", at_once<inspect>},
    Command{"audit", at_once<audit>},
    Command{"route", at_once<describe_route>},
    Command{"explain", at_once<explain_route>},
    Command{"pub", at_once<publish_payload>},
    Command{"call", call_route},
    Command{"echo", echo_topic},
    Command{"switch", switch_plugins},
    Command{"share", share_route},
    Command{"stop", tell_and_wait<&Supervisor::stop>},
    Command{"restart", tell_and_wait<&Supervisor::restart>},
    Command{"drain", tell_and_wait<&Supervisor::drain>},
    Command{"disable", tell<&Supervisor::disable>},
    Command{"enable", tell<&Supervisor::enable>},
    Command{"clock", advance_clock},
    Command{"rollout", run_rollout_command},
};

}  // namespace

void run_admin_command(AdminServer& server, std::uint64_t client, const std::string& request) {
  Task task{server, client, Json::parse(request, nullptr, false)};
  if (!task.request.is_object())
    return task.answer(error(ErrorCode::BadInput, "the request is not a JSON object: send {{\"command\":\"ls\"}}"));
  const auto name = task.text("command");
  if (!name) return task.answer(tl::make_unexpected(name.error()));
  const auto command = std::ranges::find(kCommands, *name, &Command::name);
  if (command != kCommands.end()) return command->run(std::move(task));
  std::string known;
  for (const Command& each : kCommands) known.append(known.empty() ? "" : ", ").append(each.name);
  task.answer(error(ErrorCode::BadInput, "there is no command \"{}\"; there are {}", *name, known));
}

}  // namespace shunt::host
