#pragma once
/// Turns the settings a host gives into the typed Config of a contract, and checks them once more. For generated code.

#include <shunt/plugin.h>
#include <shunt/schemas/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace shunt::kit {

using Settings = std::span<const shunt_setting>;

/// Reads one key after another and keeps the first thing that is wrong.
class SettingsReader {
 public:
  SettingsReader(std::string_view plugin, Settings settings) : plugin_(plugin), settings_(settings) {}

  void read(std::string_view key, bool required, std::int64_t& into, std::optional<std::int64_t> minimum,
            std::optional<std::int64_t> maximum);
  void read(std::string_view key, bool required, double& into, std::optional<double> minimum,
            std::optional<double> maximum);
  void read(std::string_view key, bool required, bool& into);
  /// `pattern` is an ECMAScript regular expression for the whole value; empty: any text.
  void read(std::string_view key, bool required, std::string& into, std::string_view pattern);

  /// Errors: BadConfiguration, for a missing, malformed or unknown key.
  [[nodiscard]] Status finish();

 private:
  std::optional<std::string_view> find(std::string_view key, bool required);
  template <typename Number>
  void read_number(std::string_view key, bool required, Number& into, std::optional<Number> minimum,
                   std::optional<Number> maximum, std::string_view what);
  void refuse(std::string_view key, std::string_view value, std::string_view what);

  std::string_view plugin_;
  Settings settings_;
  std::size_t read_ = 0;  ///< Settings that some key has taken.
  Status status_;
};

}  // namespace shunt::kit
