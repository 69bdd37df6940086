#include <shunt/plugin-kit/call.hpp>
#include <shunt/plugin-kit/dispatch.hpp>
#include <shunt/plugin-kit/log.hpp>

#include <string>

namespace shunt::kit {
namespace {

/// The last thing done for a message: as its answer, or as a log line when it has one already. Runs in catch blocks,
/// where memory may be what is missing, so it formats into a fixed buffer.
class Report {
 public:
  template <typename... Arguments>
  explicit Report(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    const auto end = fmt::format_to_n(buffer_.data(), buffer_.size(), text, std::forward<Arguments>(arguments)...).out;
    bytes_ = static_cast<std::size_t>(end - buffer_.data());
  }

  void send(const Link& link, const shunt_message& message, ErrorCode code, bool answered) const noexcept {
    if (answered) return Log{link}.write(LogLevel::Error, {buffer_.data(), bytes_});
    link.services->fail(link.runtime, &message, static_cast<int>(code), buffer_.data(), bytes_);
  }

 private:
  std::array<char, 4096> buffer_;
  std::size_t bytes_ = 0;
};

}  // namespace

void refuse_index(const Link& link, const shunt_message& message, const char* what, std::size_t count) noexcept {
  Report("no {} {}: the manifest declares {}; launcher and plugin disagree about it", what, message.index, count)
      .send(link, message, ErrorCode::Undeclared, false);
}

void refuse_payload(const Link& link, const shunt_message& message, const char* route, const TypeName& type) noexcept {
  Report("{}: {} bytes that are not a {} (schema {:016x}); build the sender from the same schema", route,
         message.payload_bytes, type.name, type.hash.value)
      .send(link, message, ErrorCode::BadPayload, false);
}

void refuse_meaning(const Link& link, const shunt_message& message, const char* route, const TypeName& type,
                    const std::string& why) noexcept {
  Report("{}: the plugin's validator of {} refuses it: {}", route, type.name, why)
      .send(link, message, ErrorCode::ValidationFailed, false);
}

void report_error(const Link& link, const shunt_message& message, const char* route, const Error& error,
                  bool answered) noexcept {
  if (!answered) {
    link.services->fail(link.runtime, &message, static_cast<int>(error.code), error.message.data(),
                        error.message.size());
    return;
  }
  Report("{} replied and then returned {}: {}", route, name(error.code), error.message)
      .send(link, message, error.code, true);
}

void report_no_reply(const Link& link, const shunt_message& message, const char* route) noexcept {
  Report("{} returned success without a reply; call reply.send() or return an error", route)
      .send(link, message, ErrorCode::PluginFailed, false);
}

void report_exception(const Link& link, const shunt_message& message, const char* route, const char* what,
                      bool answered) noexcept {
  const char* text = link.services->describe_exception(
      link.runtime, what == nullptr ? "something that is not a std::exception" : what);
  Report("{} threw: {}", route, text).send(link, message, ErrorCode::PluginFailed, answered);
}

Error failed_call(const FunctionRoute& route, Error why) {
  const bool is_named = why.message.find(route.name) != std::string::npos;
  if (why.code == ErrorCode::DeadlineExceeded && !is_named)
    why.message = fmt::format("{}: {}", route.name, why.message);
  return why;
}

Error refused_answer(const FunctionRoute& route, const std::string& why) {
  return {ErrorCode::ValidationFailed,
          fmt::format("{}: the plugin's validator of {} refuses the answer: {}", route.name, route.reply.name, why)};
}

Error bad_answer(const FunctionRoute& route, std::size_t bytes) {
  return {ErrorCode::BadPayload,
          fmt::format("{} answered {} bytes that are not a {} (schema {:016x}); build both from the same schema",
                      route.name, bytes, route.reply.name, route.reply.hash.value)};
}

}  // namespace shunt::kit
