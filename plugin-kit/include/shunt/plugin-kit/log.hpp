#pragma once
/// A plugin's log lines: one write to stderr each, with the plugin's name, version and instance. Allocates nothing;
/// blocks when stderr does. Any thread.
///
///     context.log().warning("bar {} has no volume", bar.sequence());

#include <shunt/plugin-kit/link.hpp>

#include <cstddef>
#include <string_view>

#include <fmt/format.h>

namespace shunt::kit {

enum class LogLevel : int { Debug = 0, Info = 1, Warning = 2, Error = 3 };

class Log {
 public:
  static constexpr std::size_t kLineBytesMax = 1024;  ///< What is longer is cut.

  explicit Log(const Link& link) : link_(&link) {}

  template <typename... Arguments>
  void debug(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    format(LogLevel::Debug, text, fmt::make_format_args(arguments...));
  }
  template <typename... Arguments>
  void info(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    format(LogLevel::Info, text, fmt::make_format_args(arguments...));
  }
  template <typename... Arguments>
  void warning(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    format(LogLevel::Warning, text, fmt::make_format_args(arguments...));
  }
  template <typename... Arguments>
  void error(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    format(LogLevel::Error, text, fmt::make_format_args(arguments...));
  }

  /// A line that is formatted already; cut at about 4,000 bytes.
  void write(LogLevel level, std::string_view text) const {
    link_->services->log(link_->runtime, static_cast<int>(level), text.data(), text.size());
  }

 private:
  // Not in the header: all of fmt would be compiled with every source of a plugin.
  void format(LogLevel level, fmt::string_view text, fmt::format_args arguments) const;

  const Link* link_;
};

}  // namespace shunt::kit
