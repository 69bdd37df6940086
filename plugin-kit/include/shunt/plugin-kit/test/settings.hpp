#pragma once
/// A plugin's configuration by key and value, as `config` of host.toml gives it.
///
///     shunt::test::Settings settings{{"window", 20}, {"mode", "fast"}};

#include <shunt/schemas/settings.hpp>

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace shunt::test {

/// A value as host.toml could give it; its type is that of the C++ value.
struct SettingValue {
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) SettingValue(Number number)
      : type(ConfigType::Int), text(fmt::format("{}", number)) {}
  template <std::floating_point Number>
  SettingValue(Number number) : type(ConfigType::Float), text(fmt::format("{}", static_cast<double>(number))) {}
  template <std::same_as<bool> Bool>  // not a plain bool: a text would become one
  SettingValue(Bool is) : type(ConfigType::Bool), text(is ? "true" : "false") {}
  SettingValue(std::string value) : type(ConfigType::String), text(std::move(value)) {}
  SettingValue(std::string_view value) : type(ConfigType::String), text(value) {}
  SettingValue(const char* value) : type(ConfigType::String), text(value) {}

  ConfigType type;
  std::string text;
};

class Settings {
 public:
  Settings() = default;
  Settings(std::initializer_list<std::pair<std::string_view, SettingValue>> values) {
    for (const auto& [key, value] : values) add(key, value);
  }

  void add(std::string_view key, const SettingValue& value) {
    given_.push_back({std::string(key), value.type, value.text, {}});
  }
  [[nodiscard]] const std::vector<GivenSetting>& given() const noexcept { return given_; }

 private:
  std::vector<GivenSetting> given_;
};

}  // namespace shunt::test
