/// rollout: a new version that takes over in stages.

#include "commands.hpp"
#include "table.hpp"

#include <shunt/host/rollout.hpp>

#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace shunt::tool {
namespace {

std::string stage_text(const Json& stage) {
  std::vector<std::string> labels;
  if (const auto select = stage.find("select"); select != stage.end())
    for (const auto& [key, value] : select->items())
      labels.push_back(fmt::format("{}={}", key, value.is_string() ? value.get<std::string>() : ""));
  if (!labels.empty()) return fmt::format("{}", fmt::join(labels, ", "));
  const auto share = number_of(stage, "share");
  return fmt::format("{}{}.{} %", stage.value("shadow", false) ? "shadow " : "", share / 10, share % 10);
}

std::string rate_text(const Json& figures) {
  const auto calls = number_of(figures, "calls");
  const auto bad = number_of(figures, "failed") + number_of(figures, "slow");
  if (calls == 0) return "-";
  const auto thousandths = (calls - bad) * 1000 / calls;
  return fmt::format("{}.{} %", thousandths / 10, thousandths % 10);
}

void print_rollouts(const Json& answer, const std::string& plugin) {
  Table table{"PLUGIN",  "VERSION", "INSTEAD OF", "STATE", "STAGE", "FOR",
              "VERDICT", "CALLS",   "SUCCEEDED",  "P99",   "WHY"};
  const auto add = [&](const Json& each) {
    const Json& stages = list_of(each, "stages");
    const auto stage = number_of(each, "stage");
    const Json newer = each.value("newer", Json::object()), older = each.value("older", Json::object());
    const auto both = [&](auto&& text) { return fmt::format("{} / {}", text(newer), text(older)); };
    table.add({text_of(each, "plugin"), text_of(each, "version"), text_of(each, "baseline"), text_of(each, "state"),
               stage < stages.size() ? fmt::format("{} of {}: {}", stage + 1, stages.size(), stage_text(stages[stage]))
                                     : std::string{},
               fmt::format("{:.1f} s", each.value("elapsed_ms", 0.0) / 1e3), text_of(each, "verdict"),
               both([](const Json& figures) { return std::to_string(number_of(figures, "calls")); }), both(rate_text),
               both([](const Json& figures) { return fmt::format("{} us", number_of(figures, "p99_us")); }),
               text_of(each, "reason")});
  };
  for (const Json& each : list_of(answer, "rollouts"))
    if (plugin.empty() || text_of(each, "plugin") == plugin) add(each);
  table.print();
}

void print_preflight(const Json& answer) {
  Table table{"CHECK", "OUTCOME", "WHAT WAS FOUND"};
  for (const Json& each : list_of(answer, "checks")) {
    const std::string outcome = text_of(each, "outcome");
    table.add({text_of(each, "check"), outcome == "NotConfigured" ? "not configured" : outcome, text_of(each, "text")});
  }
  table.print();
}

Result<Json> plan_request(const Options& options) {
  if (options.text.empty())
    return error(ErrorCode::BadInput, "{} needs a file: see `shunt rollout --help`", options.name);
  SHUNT_TRY(plan, read_rollout(options.text));  // what is wrong with it is said with its name
  static_cast<void>(plan);
  std::ifstream stream{options.text};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  return Json{{"command", "rollout"}, {"action", options.name}, {"plan", text}, {"confirmed", options.confirm}};
}

}  // namespace

Result<int> roll_out(const Options& options) {
  const bool plans = options.name == "preflight" || options.name == "start";
  if (options.confirm && !plans) return error(ErrorCode::BadInput, "--confirm is for preflight and start");
  if (options.text.empty() && options.name != "status" && !plans)
    return error(ErrorCode::BadInput, "{} needs the plugin's name", options.name);
  Json request{{"command", "rollout"}, {"action", options.name}, {"plugin", options.text}};
  if (plans) {
    SHUNT_TRY(planned, plan_request(options));
    request = std::move(planned);
  }
  SHUNT_TRY(answer, plans ? wait_for(options.host, request) : ask(options.host, request));
  const bool is_blocked = answer.value("blocks", false);
  if (options.json) {
    if (options.name == "preflight") print_line(to_line(answer));
    else
      for (const Json& each : list_of(answer, "rollouts"))
        if (plans || options.text.empty() || text_of(each, "plugin") == options.text) print_line(to_line(each));
  } else if (options.name == "preflight") {
    print_preflight(answer);
  } else {
    print_rollouts(answer, plans ? std::string{} : options.text);
  }
  return is_blocked ? kFailed : kDone;
}

}  // namespace shunt::tool
