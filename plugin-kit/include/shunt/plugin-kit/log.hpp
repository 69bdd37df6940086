#pragma once
/// A plugin's log lines: one write to stderr each, with the plugin's name, version and instance. Allocates nothing;
/// blocks when stderr does. Any thread.
///
///     context.log().warning("bar {} has no volume", bar.sequence());

#include <shunt/plugin-kit/link.hpp>

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace shunt::kit {

enum class LogLevel : int { Debug = 0, Info = 1, Warning = 2, Error = 3 };

class Log {
 public:
  static constexpr std::size_t kLineBytesMax = 1024;  ///< What is longer is cut.

  explicit Log(const Link& link) : link_(&link) {}

  template <typename... Arguments>
  void debug(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    line(LogLevel::Debug, text, std::forward<Arguments>(arguments)...);
  }
  template <typename... Arguments>
  void info(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    line(LogLevel::Info, text, std::forward<Arguments>(arguments)...);
  }
  template <typename... Arguments>
  void warning(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    line(LogLevel::Warning, text, std::forward<Arguments>(arguments)...);
  }
  template <typename... Arguments>
  void error(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    line(LogLevel::Error, text, std::forward<Arguments>(arguments)...);
  }

  /// A line that is formatted already; cut at about 4,000 bytes.
  void write(LogLevel level, std::string_view text) const {
    link_->services->log(link_->runtime, static_cast<int>(level), text.data(), text.size());
  }

 private:
  template <typename... Arguments>
  void line(LogLevel level, fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    std::array<char, kLineBytesMax> buffer;
    const auto end = fmt::format_to_n(buffer.data(), buffer.size(), text, std::forward<Arguments>(arguments)...).out;
    write(level, {buffer.data(), static_cast<std::size_t>(end - buffer.data())});
  }

  const Link* link_;
};

}  // namespace shunt::kit
