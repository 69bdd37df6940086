#include "admin_json.hpp"

#include <shunt/host/crash.hpp>

#include <fmt/format.h>

namespace shunt {

std::string_view name(CrashKind kind) noexcept {
  switch (kind) {
    case CrashKind::Signal: return "Signal";
    case CrashKind::Abort: return "Abort";
    case CrashKind::Exception: return "Exception";
    case CrashKind::Exit: return "Exit";
    case CrashKind::Hang: return "Hang";
    case CrashKind::Breach: return "Breach";
    case CrashKind::Quota: return "Quota";
    case CrashKind::Denials: return "Denials";
    case CrashKind::Phase: return "Phase";
    case CrashKind::Unseen: return "Unseen";
    case CrashKind::Host: return "Host";
  }
  return "Unknown";
}

std::string describe(const PluginsWord& word) {
  constexpr std::size_t kBytesMax = 16u << 10;  // the plugin's symbols have any length
  std::string text;
  if (word.terminated && word.exception.empty()) text = "std::terminate was called";
  else if (word.terminated) text = fmt::format("nobody caught {}", word.exception);
  if (!word.what.empty()) text += fmt::format(" \"{}\"", word.what);
  if (word.signal != 0) text += fmt::format("{}signal {}", text.empty() ? "" : ", then ", word.signal);
  if (word.address) text += fmt::format(" at address {:#x}", *word.address);
  if (!word.thread.empty()) text += fmt::format(" in thread {}", word.thread);
  for (const std::string& frame : word.thrown_at.empty() ? word.backtrace : word.thrown_at) {
    if (text.size() + frame.size() > kBytesMax) break;
    text += "\n  at " + frame;
  }
  return text;
}

namespace {

using host::Json;

std::int64_t ms_since_1970(std::chrono::system_clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

template <typename Value>
Json optional_json(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json last_json(const LastMessage& last) {
  Json json{{"route", last.route}, {"kind", last.function ? "function" : "topic"}, {"correlation", last.correlation}};
  json["in_hand"] = last.in_hand;
  json["age_ns"] = last.age ? Json(last.age->count()) : Json(nullptr);
  return json;
}

Json word_json(const PluginsWord& word) {
  Json json{{"signal", word.signal}, {"thread", word.thread}, {"backtrace", word.backtrace}};
  json["address"] = word.address ? Json(fmt::format("{:#x}", *word.address)) : Json(nullptr);
  json["terminated"] = word.terminated;
  json["exception"] = word.exception;
  json["what"] = word.what;
  json["thrown_at"] = word.thrown_at;
  return json;
}

}  // namespace

std::string to_json(const CrashReport& report) {
  Json json{{"at_ms", ms_since_1970(report.at)},
            {"plugin", report.plugin},
            {"version", report.version},
            {"instance", report.instance},
            {"kind", name(report.kind)},
            {"error", name(report.error)},
            {"state", report.state},
            {"how", report.how}};
  json["signal"] = optional_json(report.signal);
  json["exit_code"] = optional_json(report.exit_code);
  json["phase_error"] = report.phase_error;
  json["last"] = report.last ? last_json(*report.last) : Json(nullptr);
  json["denied"] = report.denied ? host::audit_json(*report.denied) : Json(nullptr);
  json["memory_bytes"] = optional_json(report.memory_bytes);
  json["says_the_plugin"] = report.says.is_silent() ? Json(nullptr) : word_json(report.says);
  return host::to_text(json);
}

}  // namespace shunt
