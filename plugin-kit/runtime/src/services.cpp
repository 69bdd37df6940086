/// The services of plugin.h over the parts of ServingState.

#include "serving_state.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/plugin-kit/runtime/throw_notes.hpp>

#include <algorithm>
#include <bit>
#include <cstring>

#include <unistd.h>

namespace shunt::kit {
namespace {

using bus::Kind;
using bus::Ring;

constexpr std::size_t kPublicationBytesMin = 16;  ///< Of the first shunt_publication that there was.

constinit thread_local bool serving_thread = false;

/// Whether the calling thread may use the lane; false leaves code and text.
bool may_use(shunt_runtime& runtime, int& code) noexcept {
  if (!serving_thread) {
    code = static_cast<int>(ErrorCode::BadInput);  // the text belongs to the serving thread
    return false;
  }
  if (!runtime.may_send) {
    code = runtime.error.set(ErrorCode::Undeclared,
                             "nothing can be sent before activate: init and validate have no effects");
    return false;
  }
  return true;
}

int check_answer(shunt_runtime& runtime, const shunt_message* message) noexcept {
  const InHand& in_hand = runtime.in_hand;
  if (message == nullptr || message->token != in_hand.header->correlation || in_hand.header->kind != Kind::Request)
    return runtime.error.set(ErrorCode::BadInput, "only the request whose handler runs can be answered");
  if (in_hand.answered) return runtime.error.set(ErrorCode::BadInput, "this request was answered before");
  return SHUNT_OK;
}

bus::MessageHeader reply_header(const bus::MessageHeader& request) noexcept {
  bus::MessageHeader header;
  header.route = request.route;
  header.kind = Kind::Reply;
  header.correlation = request.correlation;
  return header;
}

int loan(shunt_runtime* runtime, std::size_t bytes, shunt_sample* out) {
  int code = SHUNT_OK;
  *out = {};
  return may_use(*runtime, code) ? runtime->outbox.loan(bytes, *out) : code;
}

void give_back(shunt_runtime* runtime, shunt_sample* sample) {
  if (serving_thread) runtime->outbox.give_back(*sample);
}

int reply(shunt_runtime* runtime, const shunt_message* message, shunt_sample* sample, std::size_t offset,
          std::size_t bytes) {
  int code = SHUNT_OK;
  if (!may_use(*runtime, code)) return code;
  if (code = check_answer(*runtime, message); code != SHUNT_OK) {
    runtime->outbox.give_back(*sample);
    return code;
  }
  bus::MessageHeader header = reply_header(*runtime->in_hand.header);
  code = runtime->outbox.send(Ring::Reply, header, *sample, offset, bytes, runtime->in_hand.header->deadline_ns);
  runtime->in_hand.answered = code == SHUNT_OK;
  return code;
}

int publish_as(shunt_runtime* runtime, const shunt_publication* how, shunt_sample* sample, std::size_t offset,
               std::size_t bytes) {
  int code = SHUNT_OK;
  if (!may_use(*runtime, code)) return code;
  if (how->size < kPublicationBytesMin) {
    runtime->outbox.give_back(*sample);
    return runtime->error.set(ErrorCode::BadInput, "a shunt_publication of {} bytes cannot be: the least has {}",
                              how->size, kPublicationBytesMin);
  }
  shunt_publication said{};
  std::memcpy(&said, how, std::min<std::size_t>(how->size, sizeof said));
  const std::uint32_t topic = said.topic_out;
  const auto& topics = runtime->contract.topics_out;
  if (topic >= topics.size() || topics[topic] == 0) {
    runtime->outbox.give_back(*sample);
    if (topic < topics.size())
      return runtime->error.set(ErrorCode::NoSuchRoute, "the host has no topic {} for this plugin", topic);
    return runtime->error.set(ErrorCode::Undeclared, "the manifest declares {} topics out; there is no number {}",
                              topics.size(), topic);
  }
  bus::MessageHeader header;
  header.route = topics[topic];
  header.kind = Kind::Publication;
  header.parent = runtime->in_hand.header->correlation;
  bus::set_key(header, said.key);
  const bool urgent = (said.flags & SHUNT_URGENT) != 0;
  if (urgent) header.flags = bus::flag::kUrgent;
  return runtime->outbox.send(urgent ? Ring::Reply : Ring::Data, header, *sample, offset, bytes, 0);
}

int publish(shunt_runtime* runtime, std::uint32_t topic, shunt_sample* sample, std::size_t offset, std::size_t bytes) {
  const shunt_publication how{sizeof how, topic, 0, 0, 0};
  return publish_as(runtime, &how, sample, offset, bytes);
}

int call(shunt_runtime* runtime, const shunt_message* parent, std::uint32_t index, shunt_sample* sample,
         std::size_t offset, std::size_t bytes, std::int64_t deadline_ns, shunt_answer* out) {
  int code = SHUNT_OK;
  *out = {};
  if (!may_use(*runtime, code)) return code;
  const auto& calls = runtime->contract.calls;
  if (index >= calls.size() || calls[index] == 0) {
    runtime->outbox.give_back(*sample);
    if (index < calls.size())
      return runtime->error.set(ErrorCode::NoSuchRoute, "the host has no function for call {} of this plugin", index);
    return runtime->error.set(ErrorCode::Undeclared, "the manifest declares {} calls; there is no number {}",
                              calls.size(), index);
  }
  const bus::MessageHeader& in_hand = *runtime->in_hand.header;
  if (parent != nullptr && parent->token != in_hand.correlation) {
    runtime->outbox.give_back(*sample);
    return runtime->error.set(ErrorCode::BadInput, "calls can be made for the message whose handler runs only");
  }
  const NestedCalls::Call nested{calls[index], in_hand.correlation, bus::deadline_of(in_hand), deadline_ns};
  return runtime->calls.call(nested, *sample, offset, bytes, *out);
}

void release(shunt_runtime* runtime, shunt_answer* answer) {
  if (serving_thread) runtime->calls.release(*answer);
}

int fail(shunt_runtime* runtime, const shunt_message* message, int code, const char* text, std::size_t text_bytes) {
  int result = SHUNT_OK;
  if (!may_use(*runtime, result)) return result;
  InHand& in_hand = runtime->in_hand;
  if (message != nullptr && message->token == in_hand.header->correlation &&
      in_hand.header->kind == Kind::Publication) {
    report_unanswered(*runtime, {text, text_bytes});
    return SHUNT_OK;
  }
  if (result = check_answer(*runtime, message); result != SHUNT_OK) return result;
  const bool known = code >= 0 && code < 0xffff;
  return send_failure(*runtime, known ? static_cast<ErrorCode>(code) : ErrorCode::PluginFailed, {text, text_bytes});
}

std::int64_t now_ns(shunt_runtime*) { return bus::now_ns(); }

int cancelled(shunt_runtime* runtime, const shunt_message* message) {
  if (message == nullptr) return 0;
  if (runtime->cancellations.is_cancelled(message->token)) return 1;
  // Past the deadline nobody waits, whether or not there was somebody to say so: of a nested call there is not.
  if (message->deadline_ns != 0 && bus::now_ns() >= message->deadline_ns) return 1;
  if (!serving_thread) return message->token != 0 && runtime->calls.cancel_waits(message->token) ? 1 : 0;
  runtime->calls.take_replies();
  return runtime->cancellations.is_cancelled(message->token) ? 1 : 0;
}

void log(shunt_runtime* runtime, int level, const char* text, std::size_t text_bytes) {
  constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warning", "error"};
  const Contract& contract = runtime->contract;
  std::array<char, 4096> line;
  const auto cut = fmt::format_to_n(line.data(), line.size() - 1, "{} {} #{} {}: {}", contract.plugin, contract.version,
                                    contract.instance, kLevels[static_cast<std::size_t>(std::clamp(level, 0, 3))],
                                    std::string_view{text, text_bytes});
  *cut.out = '\n';
  // One write, so that lines of several threads and processes do not mix. Nobody to tell when it fails.
  [[maybe_unused]] const auto written =
      ::write(STDERR_FILENO, line.data(), static_cast<std::size_t>(cut.out + 1 - line.data()));
}

const char* last_error(shunt_runtime* runtime) { return runtime->error.text(); }

const char* describe_exception(shunt_runtime* runtime, const char* what) {
  return describe_thrown(*runtime, what == nullptr ? "" : what);
}

}  // namespace

const shunt_services kServices{sizeof(shunt_services),
                               loan,
                               give_back,
                               reply,
                               publish,
                               call,
                               release,
                               fail,
                               now_ns,
                               cancelled,
                               log,
                               last_error,
                               describe_exception,
                               publish_as};

bool is_serving_thread() noexcept { return serving_thread; }
void become_serving_thread() noexcept { serving_thread = true; }

int send_failure(shunt_runtime& runtime, ErrorCode code, std::string_view text) noexcept {
  const bus::MessageHeader& request = *runtime.in_hand.header;
  bus::MessageHeader header = reply_header(request);
  header.status = static_cast<std::uint16_t>(static_cast<std::uint16_t>(code) + 1);
  const auto send = [&](std::span<const std::byte> payload) {
    shunt_sample sample{reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(payload.data())), payload.size(), 0};
    bus::MessageHeader attempt = header;
    return runtime.outbox.send(Ring::Reply, attempt, sample, 0, payload.size(), request.deadline_ns);
  };
  int result = send(runtime.failures.build(text, runtime.thrown.span()));
  if (result == static_cast<int>(ErrorCode::QuotaExceeded) || result == static_cast<int>(ErrorCode::TooLarge))
    result = send(runtime.failures.build_short(text, runtime.thrown.span()));
  runtime.thrown.count = 0;
  runtime.in_hand.failed = true;
  runtime.in_hand.answered = result == SHUNT_OK;
  return result;
}

void report_unanswered(shunt_runtime& runtime, std::string_view text) noexcept {
  runtime.in_hand.failed = true;
  // Every time would let a plugin flood the terminal: the 1st, 2nd, 4th, 8th ... is shown, all are counted.
  if (std::has_single_bit(++runtime.failures_unanswered)) log(&runtime, 3, text.data(), text.size());
}

const char* describe_thrown(shunt_runtime& runtime, std::string_view what) noexcept {
  constexpr std::size_t kShown = 8;
  runtime.thrown = frames_of_current_exception(runtime.object);
  auto& text = runtime.described;
  char* const end = text.data() + text.size() - 1;
  char* out = text.data();
  const auto append = [&]<typename... Arguments>(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    out = fmt::format_to_n(out, end - out, format, std::forward<Arguments>(arguments)...).out;
  };
  append("{}", what.substr(0, text.size() / 2));
  std::size_t shown = 0;
  for (const std::uint64_t frame : runtime.thrown.span()) {
    if ((frame & kElsewhere) != 0 || shown == kShown) continue;
    append("{}+{:#x}", shown++ == 0 ? " [thrown at " : " < ", frame);
  }
  if (shown > 0) append("]");
  *out = '\0';
  return text.data();
}

}  // namespace shunt::kit
