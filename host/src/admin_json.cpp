#include "admin_json.hpp"

#include "by_name.hpp"

#include <shunt/host/base64.hpp>

namespace shunt::host {
namespace {

std::string encoded(const std::vector<std::byte>& bytes) {
  return to_base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

}  // namespace

std::string to_text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json error_json(const Error& error) { return {{"error", {{"code", name(error.code)}, {"message", error.message}}}}; }

Json answer_json(Result<Json> result) {
  if (!result) return error_json(result.error());
  return {{"result", std::move(*result)}};
}

Json validators_json(const std::vector<ValidatorSnapshot>& validators) {
  Json json = Json::array();
  for (const ValidatorSnapshot& each : validators)
    json.push_back(
        {{"type", each.type}, {"checked", each.checked}, {"refused", each.refused}, {"mean_ns", each.mean_ns}});
  return json;
}

Json plugin_json(const PluginSnapshot& plugin) {
  Json kinds = Json::object();
  for (std::size_t i = 0; i < kCrashKinds; ++i)
    kinds[std::string{name(static_cast<CrashKind>(i))}] = plugin.crash_kinds[i];
  Json json{{"plugin", plugin.plugin},
            {"version", plugin.version},
            {"state", plugin.state},
            {"admission", plugin.admission},
            {"instance", plugin.instance},
            {"pid", plugin.pid},
            {"sent", plugin.sent},
            {"done", plugin.done},
            {"received", plugin.received},
            {"copied", plugin.copied},
            {"held_chunks", plugin.held_chunks},
            {"over_cap", plugin.over_cap},
            {"lent_chunks", plugin.lent_chunks},
            {"says",
             {{"refused", plugin.says_refused},
              {"failed", plugin.says_failed},
              {"health", plugin.says_health},
              {"health_reason", plugin.says_health_reason}}},
            {"exceptions", plugin.exceptions},
            {"warm", plugin.warm},
            {"shadow", plugin.shadow},
            {"seat", plugin.seat},
            {"unheard", plugin.unheard},
            {"crashes", plugin.crashes},
            {"crash_kinds", std::move(kinds)},
            {"trust", plugin.trust},
            {"signer", plugin.signer},
            {"sha256", plugin.sha256},
            {"sandbox", plugin.sandbox},
            {"deferred", plugin.deferred}};
  Json wills = Json::array();
  for (const LastWillSnapshot& each : plugin.last_wills)
    wills.push_back({{"topic", each.topic}, {"last_will", each.name}, {"bytes", each.bytes}, {"set", each.set}});
  json["last_wills"] = std::move(wills);
  json["last_wills_sent"] = plugin.last_wills_sent;
  if (!plugin.says_validators.empty()) json["says"]["validators"] = validators_json(plugin.says_validators);
  if (!plugin.bridge) return json;
  json["bridge"] = true;
  json["says"]["state"] = plugin.says_state;
  Json topics = Json::array();
  for (const OpenTopicSnapshot& each : plugin.open_topics)
    topics.push_back({{"topic", each.topic},
                      {"schema", fmt::format("{:016x}", each.schema.value)},
                      {"says",
                       {{"sent", each.says.sent},
                        {"sent_bytes", each.says.sent_bytes},
                        {"unconnected", each.says.unconnected},
                        {"no_memory", each.says.no_memory},
                        {"received", each.says.received},
                        {"received_bytes", each.says.received_bytes},
                        {"lost", each.says.lost},
                        {"refused", each.says.refused},
                        {"readers", each.says.readers},
                        {"writers", each.says.writers},
                        {"wrong_schema", each.says.wrong_schema},
                        {"other_schema", fmt::format("{:016x}", each.says.other_schema.value)},
                        {"invalid", each.says.invalid}}}});
  json["open_topics"] = std::move(topics);
  return json;
}

Json version_json(const KnownVersion& version) {
  return {{"version", version.version}, {"file", version.file}, {"serves", version.serves}};
}

namespace {

Json breaker_json(const BreakerSnapshot& breaker) {
  const auto ms = [](std::chrono::nanoseconds value) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
  };
  Json windows = Json::array();
  for (const auto& each : breaker.windows)
    windows.push_back(
        {{"began_ms", ms(each.began)}, {"calls", each.calls}, {"failed", each.failed}, {"slow", each.slow}});
  Json json{{"version", breaker.version},
            {"lts", breaker.lts},
            {"state", breaker.state},
            {"since_ms", ms(breaker.since)},
            {"success_min", breaker.success_min},
            {"in_flight", breaker.in_flight},
            {"windows", std::move(windows)}};
  if (breaker.below) json["below_ms"] = ms(*breaker.below);
  return json;
}

}  // namespace

Json route_json(const RouteSnapshot& route) {
  Json receivers = Json::array();
  for (const auto& each : route.receivers)
    receivers.push_back({{"plugin", each.plugin},
                         {"version", each.version},
                         {"seat", each.seat},
                         {"up", each.up},
                         {"share", each.share},
                         {"tag", each.tag},
                         {"labels", Json(each.labels)},
                         {"open", each.open},
                         {"waiting", each.waiting},
                         {"backlog", each.backlog},
                         {"dropped", each.dropped},
                         {"refused", each.refused},
                         {"unknown", each.unknown},
                         {"redelivered", each.redelivered},
                         {"conflated", each.conflated},
                         {"latched", each.latched}});
  Json json{{"route", route.name},
            {"kind", route.function ? "function" : "topic"},
            {"admission", route.admission},
            {"why_down", route.why_down},
            {"turned_away", route.turned_away},
            {"passed_over", route.passed_over},
            {"earlier", route.is_earlier},
            {"request", route.request}};
  if (route.function)
    json.update(Json{{"reply", route.reply},
                     {"in_flight", route.in_flight},
                     {"in_flight_max", route.in_flight_max},
                     {"in_flight_refused", route.in_flight_refused},
                     {"deadline_ms", std::chrono::duration<double, std::milli>(route.deadline).count()},
                     {"retries", route.retries},
                     {"lts", route.lts},
                     {"lts_problem", route.lts_problem},
                     {"retried", route.retried},
                     {"retries_refused", route.retries_refused}});
  json["receivers"] = std::move(receivers);
  json["subscriptions"] = route.subscriptions;
  if (route.fallbacks) json["fallbacks"] = *route.fallbacks;
  if (route.function) {
    json["breakers"] = Json::array();
    for (const BreakerSnapshot& each : route.breakers) json["breakers"].push_back(breaker_json(each));
  }
  if (!route.function) json.update(Json{{"latched", route.latched}, {"latched_max", route.latched_max}});
  return json;
}

Json explanation_json(const RouteExplanation& explanation) {
  Json rules = Json::array(), seats = Json::array();
  for (const auto& each : explanation.rules)
    rules.push_back({{"rule", each.text}, {"suit", each.suit}, {"required", each.required}});
  for (const auto& each : explanation.seats)
    seats.push_back({{"version", each.version}, {"seat", each.seat}, {"share", each.share}});
  return {{"plugin", explanation.plugin},
          {"rules", std::move(rules)},
          {"seats", std::move(seats)},
          {"by_key", explanation.by_key}};
}

Json pool_json(const PoolSnapshot& pool) {
  return {{"compartment", pool.compartment},
          {"chunks", pool.chunks},
          {"in_use", pool.chunks_in_use},
          {"no_chunk", pool.no_chunk}};
}

namespace {

Json outbound_json(const OutboundQuota& quota) {
  return {{"bytes", quota.bytes},   {"chunks", quota.chunks},
          {"host", quota.host},     {"readers", quota.readers},
          {"plugin", quota.plugin}, {"says", {{"loaned", quota.says.loaned}, {"refused", quota.says.refused}}}};
}

Json inbound_json(const InboundQuota& quota) {
  return {{"bytes", quota.bytes}, {"chunks", quota.chunks}, {"in_use", quota.in_use},    {"no_chunk", quota.no_chunk},
          {"cap", quota.cap},     {"held", quota.held},     {"over_cap", quota.over_cap}};
}

Json route_quota_json(const RouteQuota& quota) {
  Json json{{"route", quota.route}, {"kind", quota.function ? "function" : "topic"}};
  if (quota.function)
    json.update(Json{{"in_flight", quota.in_flight},
                     {"in_flight_max", quota.in_flight_max},
                     {"in_flight_refused", quota.in_flight_refused},
                     {"host", quota.host},
                     {"plugins", quota.plugins},
                     {"abandoned", quota.abandoned}});
  json.update(Json{{"waiting", quota.waiting},
                   {"backlog", quota.backlog},
                   {"dropped", quota.dropped},
                   {"refused", quota.refused},
                   {"conflated", quota.conflated}});
  return json;
}

}  // namespace

Json quotas_json(const InstanceQuotas& quotas) {
  Json outbound = Json::array(), inbound = Json::array(), routes = Json::array(), calls = Json::array();
  for (const OutboundQuota& each : quotas.outbound) outbound.push_back(outbound_json(each));
  for (const InboundQuota& each : quotas.inbound) inbound.push_back(inbound_json(each));
  for (const RouteQuota& each : quotas.routes) routes.push_back(route_quota_json(each));
  for (const CallQuota& each : quotas.calls) calls.push_back({{"route", each.route}, {"in_flight", each.in_flight}});
  return {{"compartment", quotas.compartment},
          {"outbound", std::move(outbound)},
          {"inbound", std::move(inbound)},
          {"routes", std::move(routes)},
          {"calls", std::move(calls)}};
}

Json event_json(const HostEvent& event) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(event.at.time_since_epoch()).count();
  Json json{{"event", event.number},    {"at_ms", since},
            {"kind", name(event.kind)}, {"plugin", event.plugin},
            {"version", event.version}, {"instance", event.instance},
            {"text", event.text},       {"in_flight", event.in_flight}};
  if (!event.route.empty()) json["route"] = event.route;
  if (event.kind == HostEventKind::HandedOver) {
    json["pause_ns"] = event.pause.count();
    json["state_bytes"] = event.state_bytes;
  }
  if (event.crash != nullptr) json["crash"] = crash_json(*event.crash);
  return json;
}

Json crash_json(const CrashReport& report) { return Json::parse(to_json(report)); }

Json audit_json(const AuditRecord& record) {
  const auto ms = [](std::chrono::system_clock::time_point at) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  };
  return {{"instance", record.instance},   {"plugin", record.plugin}, {"version", record.version},
          {"phase", record.phase},         {"call", record.call},     {"answer", record.answer},
          {"arguments", record.arguments}, {"count", record.count},   {"first_ms", ms(record.first)},
          {"last_ms", ms(record.last)}};
}

Result<Json> route_json(Core& core, const std::string& route) {
  SHUNT_TRY(info, core.directory.declared(route));
  SHUNT_TRY(schema, schema_of(core, route));
  Json json{{"route", info->name}, {"kind", info->function ? "function" : "topic"}, {"request", info->request.name}};
  json["schema"] = encoded(schema);
  if (!info->function) {
    SHUNT_CHECK(core.on_loop([&](const auto& done) {
      json["publishers"] = core.supervisor->publishers_of(route);
      done({});
    }));
    return json;
  }
  json["reply"] = info->reply.name;
  SHUNT_TRY(reply_schema, schema_of(core, route, SchemaPart::Reply));
  if (reply_schema != schema) json["reply_schema"] = encoded(reply_schema);
  return json;
}

}  // namespace shunt::host
