#include <shunt/plugin-kit/settings.hpp>
#include <shunt/schemas/pattern.hpp>

#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace shunt::kit {
namespace {

constexpr std::size_t kTextBytesMax = 4096;  ///< As a host has it.

template <typename Number>
std::optional<Number> parsed(std::string_view text) {
  Number number{};
  const auto* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc{} || result.ptr != end) return {};
  return number;
}

}  // namespace

std::optional<std::string_view> SettingsReader::find(std::string_view key, bool required) {
  for (const auto& setting : settings_) {
    if (key != setting.key) continue;
    ++read_;
    return setting.value;
  }
  if (required && status_)
    status_ = error(ErrorCode::BadConfiguration, "{}: \"{}\" is required; set it in the plugin's config", plugin_, key);
  return {};
}

void SettingsReader::refuse(std::string_view key, std::string_view value, std::string_view what) {
  if (status_)
    status_ =
        error(ErrorCode::BadConfiguration, "{}: {} = \"{}\" is refused: it must be {}", plugin_, key, value, what);
}

template <typename Number>
void SettingsReader::read_number(std::string_view key, bool required, Number& into, std::optional<Number> minimum,
                                 std::optional<Number> maximum, std::string_view what) {
  const auto text = find(key, required);
  if (!text) return;
  const auto number = parsed<Number>(*text);
  if (!number || !std::isfinite(static_cast<double>(*number))) return refuse(key, *text, what);
  if (minimum && *number < *minimum) return refuse(key, *text, fmt::format("at least {}", *minimum));
  if (maximum && *number > *maximum) return refuse(key, *text, fmt::format("at most {}", *maximum));
  into = *number;
}

void SettingsReader::read(std::string_view key, bool required, std::int64_t& into, std::optional<std::int64_t> minimum,
                          std::optional<std::int64_t> maximum) {
  read_number(key, required, into, minimum, maximum, "a whole number");
}

void SettingsReader::read(std::string_view key, bool required, double& into, std::optional<double> minimum,
                          std::optional<double> maximum) {
  read_number(key, required, into, minimum, maximum, "a finite number");
}

void SettingsReader::read(std::string_view key, bool required, bool& into) {
  const auto text = find(key, required);
  if (!text) return;
  if (*text != "true" && *text != "false") return refuse(key, *text, "true or false");
  into = *text == "true";
}

void SettingsReader::read(std::string_view key, bool required, std::string& into, std::string_view pattern) {
  const auto text = find(key, required);
  if (!text) return;
  if (text->size() > kTextBytesMax) return refuse(key, "...", "at most 4096 bytes");
  if (!pattern.empty()) {
    const auto matches = matches_pattern(*text, pattern);
    if (!matches || !*matches) return refuse(key, *text, fmt::format("a match of {}", pattern));
  }
  into = *text;
}

Status SettingsReader::finish() {
  if (status_ && read_ != settings_.size())
    status_ = error(ErrorCode::BadConfiguration, "{}: {} of {} settings are unknown or given twice", plugin_,
                    settings_.size() - read_, settings_.size());
  return std::move(status_);
}

}  // namespace shunt::kit
