#include <shunt/plugin-kit/log.hpp>

#include <array>

namespace shunt::kit {

void Log::format(LogLevel level, fmt::string_view text, fmt::format_args arguments) const {
  std::array<char, kLineBytesMax> buffer;
  const auto end = fmt::vformat_to_n(buffer.data(), buffer.size(), text, arguments).out;
  write(level, {buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}

}  // namespace shunt::kit
