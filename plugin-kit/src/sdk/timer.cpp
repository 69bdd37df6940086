#include <shunt/plugin-kit/timer.hpp>

#include <array>

namespace shunt::kit {
namespace {

/// Runs in catch blocks too, where memory may be what is missing.
void report(const Link& link, const shunt_message& message, ErrorCode code, std::string_view text) noexcept {
  std::array<char, 4096> buffer;
  const auto end = fmt::format_to_n(buffer.data(), buffer.size(), "a timer's handler: {}", text).out;
  link.services->fail(link.runtime, &message, static_cast<int>(code), buffer.data(),
                      static_cast<std::size_t>(end - buffer.data()));
}

}  // namespace

void report_timer(const Link& link, const shunt_message& message, const Error& error) noexcept {
  report(link, message, error.code, error.message);
}

void report_timer_threw(const Link& link, const shunt_message& message, const char* what) noexcept {
  report(link, message, ErrorCode::PluginFailed,
         link.services->describe_exception(link.runtime,
                                           what == nullptr ? "something that is not a std::exception" : what));
}

Result<Timer> start_timer(const Link& link, const shunt_timer& how) {
  std::uint64_t id = 0;
  SHUNT_CHECK(link.status(link.services->timer_start(link.runtime, &how, &id)));
  return Timer{link, id};
}

}  // namespace shunt::kit
