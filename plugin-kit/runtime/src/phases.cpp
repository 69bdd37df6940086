#include "phases.hpp"

#include "catch_all.hpp"

#include <shunt/plugin-kit/runtime/crash_notes.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace shunt::kit {
namespace {

constexpr std::size_t kTextBytes = 4096;

control::EnteredT entered(control::Phase phase, int code, std::string text) {
  control::EnteredT result;
  result.phase = phase;
  result.code = code == SHUNT_OK ? std::uint16_t{0} : static_cast<std::uint16_t>(code + 1);
  result.message = std::move(text);
  return result;
}

}  // namespace

int Phases::checked_code(int code) noexcept {
  return code == SHUNT_OK || (code >= 0 && code < 0xffff) ? code : static_cast<int>(ErrorCode::PluginFailed);
}

Phases::Phases(shunt_runtime& runtime, std::function<Result<LoadedPlugin>()> load)
    : runtime_(runtime), load_(std::move(load)) {
  for (const auto& [key, value] : runtime.contract.settings) settings_.push_back({key.c_str(), value.c_str()});
}

control::EnteredT Phases::load() {
  const auto loaded = load_();
  if (!loaded) return entered(control::Phase::Load, static_cast<int>(loaded.error().code), loaded.error().message);
  descriptor_ = loaded->descriptor;
  runtime_.object = loaded->object;
  set_crash_object(loaded->object);
  const char* const thrown =
      catch_all(runtime_, runtime_.hand, [&] { self_ = descriptor_->create(&runtime_, &kServices); });
  auto result = entered(control::Phase::Load, SHUNT_OK, {});
  if (thrown != nullptr) result = entered(control::Phase::Load, static_cast<int>(ErrorCode::PluginFailed), thrown);
  else if (self_ == nullptr)
    result = entered(
        control::Phase::Load, static_cast<int>(ErrorCode::PluginFailed),
        runtime_.hand.described[0] != '\0' ? runtime_.hand.described.data() : "the plugin's create() gave nothing");
  result.frames.assign(runtime_.hand.thrown.span().begin(), runtime_.hand.thrown.span().end());
  return result;
}

int Phases::call(control::Phase phase, std::vector<char>& text) {
  switch (phase) {
    case control::Phase::Init:
      return descriptor_->init(self_, settings_.data(), settings_.size(), text.data(), text.size());
    case control::Phase::Validate: return descriptor_->validate(self_, text.data(), text.size());
    case control::Phase::Activate: return descriptor_->activate(self_, text.data(), text.size());
    case control::Phase::Cleanup:
      descriptor_->cleanup(self_);
      descriptor_->destroy(self_);
      self_ = nullptr;
      runtime_.deferrals.end();
      return SHUNT_OK;
    case control::Phase::Load: break;
  }
  return static_cast<int>(ErrorCode::BadInput);
}

control::EnteredT Phases::run(control::Phase phase) {
  std::vector<char> text(kTextBytes);
  int code = SHUNT_OK;
  runtime_.hand.thrown.count = 0;
  runtime_.may_send = phase == control::Phase::Activate || phase == control::Phase::Cleanup;
  runtime_.may_set_will = phase == control::Phase::Validate || phase == control::Phase::Activate;
  runtime_.may_start_timers = phase == control::Phase::Activate;
  if (phase == control::Phase::Cleanup) runtime_.timers.end_all();
  const char* const thrown = catch_all(runtime_, runtime_.hand, [&] { code = checked_code(call(phase, text)); });
  text.back() = '\0';
  auto result = thrown != nullptr ? entered(phase, static_cast<int>(ErrorCode::PluginFailed), thrown)
                                  : entered(phase, code, code == SHUNT_OK ? std::string{} : std::string{text.data()});
  result.frames.assign(runtime_.hand.thrown.span().begin(), runtime_.hand.thrown.span().end());
  return result;
}

int Phases::health(Hand& hand, std::span<char> reason) const noexcept {
  constexpr std::size_t kWithReasons = offsetof(shunt_plugin, report_health) + sizeof(shunt_plugin::report_health);
  const auto write = [&](std::string_view text) {
    const std::size_t bytes = text.copy(reason.data(), reason.size() - 1);
    reason[bytes] = '\0';
  };
  const bool gives_reasons = descriptor_->size >= kWithReasons && descriptor_->report_health != nullptr;
  int state = SHUNT_SERVING;
  reason.front() = '\0';
  const char* const thrown = catch_all(runtime_, hand, [&] {
    if (gives_reasons) state = descriptor_->report_health(self_, reason.data(), reason.size());
    else if (descriptor_->health != nullptr) state = descriptor_->health(self_);
  });
  reason.back() = '\0';
  hand.thrown.count = 0;
  if (thrown != nullptr) return write(thrown), SHUNT_NOT_SERVING;
  if (state >= SHUNT_SERVING && state <= SHUNT_NOT_SERVING) return state;
  std::array<char, 64> text{};
  fmt::format_to_n(text.data(), text.size() - 1, "its health is {}, which is none", state);
  return write(text.data()), SHUNT_NOT_SERVING;
}

}  // namespace shunt::kit
