/// The services of plugin.h over the parts of ServingState.

#include "publications.hpp"
#include "replies.hpp"
#include "serving_state.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/plugin-kit/runtime/throw_notes.hpp>
#include <shunt/schemas/origin.hpp>

#include <algorithm>
#include <bit>

#include <unistd.h>

namespace shunt::kit {
namespace {

using bus::Kind;
using bus::Ring;

constinit thread_local Hand* hand_of_thread = nullptr;

// What each message passes is short enough to be inlined; what is refused is out of the way.

[[gnu::noinline, gnu::cold]] int cannot_use(shunt_runtime& runtime) noexcept {
  if (hand_of_thread == nullptr)
    return runtime.error.set(ErrorCode::BadInput, "only a handler can do this, on its own thread");
  return runtime.error.set(ErrorCode::Undeclared,
                           "nothing can be sent before activate: init and validate have no effects");
}

/// What the calling thread has in hand, if it may use the lane; null leaves code and text.
[[gnu::always_inline]] inline Hand* may_use(shunt_runtime& runtime, int& code) noexcept {
  Hand* const hand = hand_of_thread;
  if (hand != nullptr && runtime.may_send) [[likely]]
    return hand;
  code = cannot_use(runtime);
  return nullptr;
}

/// Whether the calling thread may have samples: for deferred answers any thread may.
bool may_loan(shunt_runtime& runtime, int& code) noexcept {
  return (hand_of_thread == nullptr && runtime.lock.shared()) || may_use(runtime, code) != nullptr;
}

bool is_deferred(const shunt_message* message) noexcept {
  return message != nullptr && Deferrals::names(message->token);
}

[[gnu::always_inline]] inline bool can_answer(const InHand& in_hand, const shunt_message* message) noexcept {
  return message != nullptr && message->token == in_hand.header->correlation && in_hand.header->kind == Kind::Request &&
         in_hand.answered == Answered::NotYet;
}

[[gnu::noinline, gnu::cold]] int cannot_answer(shunt_runtime& runtime, const InHand& in_hand,
                                               const shunt_message* message) noexcept {
  if (message == nullptr || message->token != in_hand.header->correlation || in_hand.header->kind != Kind::Request)
    return runtime.error.set(ErrorCode::BadInput, "only the request whose handler runs can be answered");
  if (in_hand.answered == Answered::Later)
    return runtime.error.set(ErrorCode::BadInput, "this answer was deferred: give it for what defer gave");
  return runtime.error.set(ErrorCode::BadInput, "this request was answered before");
}

[[gnu::noinline]] void take_back(shunt_runtime& runtime, shunt_sample& sample) noexcept {
  const ThreadsLock::Hold hold{runtime.lock};
  runtime.outbox.give_back(hold, sample);
}

[[gnu::noinline, gnu::cold]] int refuse_origin(shunt_runtime& runtime, shunt_sample& sample,
                                               std::int64_t said) noexcept {
  take_back(runtime, sample);
  return no_such_origin(runtime, said);
}

int loan(shunt_runtime* runtime, std::size_t bytes, shunt_sample* out) {
  int code = SHUNT_OK;
  *out = {};
  if (!may_loan(*runtime, code)) return code;
  const ThreadsLock::Hold hold{runtime->lock};
  return runtime->outbox.loan(hold, bytes, *out);
}

void give_back(shunt_runtime* runtime, shunt_sample* sample) {
  if (hand_of_thread != nullptr || runtime->lock.shared()) take_back(*runtime, *sample);
}

int reply(shunt_runtime* runtime, const shunt_message* message, shunt_sample* sample, std::size_t offset,
          std::size_t bytes) {
  if (is_deferred(message)) [[unlikely]]
    return runtime->deferrals.reply(message->token, *sample, offset, bytes);
  int code = SHUNT_OK;
  Hand* const hand = may_use(*runtime, code);
  if (hand == nullptr) return code;
  if (!can_answer(hand->in_hand, message)) [[unlikely]] {
    take_back(*runtime, *sample);
    return cannot_answer(*runtime, hand->in_hand, message);
  }
  const bus::MessageHeader& request = *hand->in_hand.header;
  bus::MessageHeader header = reply_header(request);
  ThreadsLock::Hold hold{runtime->lock};
  code = runtime->outbox.send(hold, Ring::Reply, header, *sample, offset, bytes, request.deadline_ns);
  if (code == SHUNT_OK) hand->in_hand.answered = Answered::Given;
  return code;
}

int defer(shunt_runtime* runtime, const shunt_message* request, shunt_message* later) {
  int code = SHUNT_OK;
  *later = {};
  Hand* const hand = may_use(*runtime, code);
  if (hand == nullptr) return code;
  if (!can_answer(hand->in_hand, request)) return cannot_answer(*runtime, hand->in_hand, request);
  runtime->deferrals.defer(*hand, *request, *later);
  if (!runtime->cancellations.is_cancelled(request->token)) return SHUNT_OK;
  const ThreadsLock::Hold hold{
      runtime->lock};  // who cancels from now on finds what is deferred; who did before, did not
  runtime->deferrals.cancel(hold, request->token);
  return SHUNT_OK;
}

int publish_as(shunt_runtime* runtime, const shunt_publication* how, shunt_sample* sample, std::size_t offset,
               std::size_t bytes) {
  int code = SHUNT_OK;
  const Hand* const hand = may_use(*runtime, code);
  if (hand == nullptr) return code;
  shunt_publication said{};
  if (code = read_publication(*runtime, *how, said); code != SHUNT_OK) {
    take_back(*runtime, *sample);
    return code;
  }
  bus::MessageHeader header;
  if (code = publication_header(*runtime, *hand, said, header); code != SHUNT_OK) {
    take_back(*runtime, *sample);
    return code;
  }
  const auto ring = (said.flags & SHUNT_URGENT) != 0 ? Ring::Reply : Ring::Data;
  ThreadsLock::Hold hold{runtime->lock};
  return runtime->outbox.send(hold, ring, header, *sample, offset, bytes, 0);
}

int publish(shunt_runtime* runtime, std::uint32_t topic, shunt_sample* sample, std::size_t offset, std::size_t bytes) {
  const shunt_publication how{sizeof how, topic, 0, 0, 0, SHUNT_ORIGIN_INHERITED};
  return publish_as(runtime, &how, sample, offset, bytes);
}

int call_as(shunt_runtime* runtime, const shunt_message* parent, const shunt_call* how, shunt_sample* sample,
            std::size_t offset, std::size_t bytes, shunt_answer* out) {
  int code = SHUNT_OK;
  *out = {};
  Hand* const hand = may_use(*runtime, code);
  if (hand == nullptr) return code;
  if (how->size < sizeof(shunt_call)) {
    take_back(*runtime, *sample);
    return runtime->error.set(ErrorCode::BadInput, "a shunt_call of {} bytes cannot be: the least has {}", how->size,
                              sizeof(shunt_call));
  }
  const std::uint32_t index = how->call;
  const auto& calls = runtime->contract.calls;
  if (index >= calls.size() || calls[index] == 0) {
    take_back(*runtime, *sample);
    if (index < calls.size())
      return runtime->error.set(ErrorCode::NoSuchRoute, "the host has no function for call {} of this plugin", index);
    return runtime->error.set(ErrorCode::Undeclared, "the manifest declares {} calls; there is no number {}",
                              calls.size(), index);
  }
  const bus::MessageHeader& in_hand = *hand->in_hand.header;
  if (parent != nullptr && parent->token != in_hand.correlation) {
    take_back(*runtime, *sample);
    return runtime->error.set(ErrorCode::BadInput, "calls can be made for the message whose handler runs only");
  }
  const std::int64_t origin_ns = origin_of_next(*hand, how->origin_ns);
  if (origin_ns == kNoSuchTime) return refuse_origin(*runtime, *sample, how->origin_ns);
  const NestedCalls::Call nested{calls[index], in_hand.correlation, bus::deadline_of(in_hand), how->deadline_ns,
                                 origin_ns};
  return runtime->calls.call(*hand, nested, *sample, offset, bytes, *out);
}

int call(shunt_runtime* runtime, const shunt_message* parent, std::uint32_t index, shunt_sample* sample,
         std::size_t offset, std::size_t bytes, std::int64_t deadline_ns, shunt_answer* out) {
  const shunt_call how{sizeof how, index, deadline_ns, SHUNT_ORIGIN_INHERITED};
  return call_as(runtime, parent, &how, sample, offset, bytes, out);
}

std::int64_t answer_origin(shunt_runtime* runtime, const shunt_answer* answer) {
  return hand_of_thread != nullptr ? runtime->calls.origin_ns(*answer) : 0;
}

void release(shunt_runtime* runtime, shunt_answer* answer) {
  if (hand_of_thread != nullptr) runtime->calls.release(*answer);
}

int fail(shunt_runtime* runtime, const shunt_message* message, int code, const char* text, std::size_t text_bytes) {
  const bool known = code >= 0 && code < 0xffff;
  const ErrorCode why = known ? static_cast<ErrorCode>(code) : ErrorCode::PluginFailed;
  if (is_deferred(message)) return runtime->deferrals.fail(message->token, why, {text, text_bytes});
  int result = SHUNT_OK;
  Hand* const hand = may_use(*runtime, result);
  if (hand == nullptr) return result;
  const bus::MessageHeader& in_hand = *hand->in_hand.header;
  const bool of_timer = message != nullptr && hand->in_hand.timer && message->token == 0;
  const bool of_publication =
      message != nullptr && message->token == in_hand.correlation && in_hand.kind == Kind::Publication;
  if (of_timer || of_publication) {
    report_unanswered(*runtime, *hand, {text, text_bytes});
    return SHUNT_OK;
  }
  if (!can_answer(hand->in_hand, message)) return cannot_answer(*runtime, hand->in_hand, message);
  return fail_in_hand(*runtime, *hand, why, {text, text_bytes});
}

std::int64_t now_ns(shunt_runtime*) { return bus::now_ns(); }

/// The name of a request that the host may cancel: of a deferred one, while somebody waits for it.
std::optional<std::uint64_t> correlation_of(shunt_runtime& runtime, const shunt_message& message) noexcept {
  return Deferrals::names(message.token) ? runtime.deferrals.wanted(message.token) : message.token;
}

int cancelled(shunt_runtime* runtime, const shunt_message* message) {
  if (message == nullptr) return 0;
  const auto correlation = correlation_of(*runtime, *message);
  if (!correlation || runtime->cancellations.is_cancelled(*correlation)) return 1;
  // Past the deadline nobody waits, whether or not there was somebody to say so: of a nested call there is not.
  if (message->deadline_ns != 0 && bus::now_ns() >= message->deadline_ns) return 1;
  if (hand_of_thread == nullptr) return *correlation != 0 && runtime->calls.cancel_waits(*correlation) ? 1 : 0;
  runtime->calls.take_replies();
  return !correlation_of(*runtime, *message) || runtime->cancellations.is_cancelled(*correlation) ? 1 : 0;
}

void note_validation(shunt_runtime* runtime, const char* type, int refused, std::int64_t took_ns) {
  if (hand_of_thread == nullptr || type == nullptr) return;
  const ThreadsLock::Hold hold{runtime->lock};
  runtime->validations.note(type, refused != 0, took_ns);
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
  const std::string_view text = what == nullptr ? "" : what;
  Hand* const hand = hand_of_thread;
  return hand == nullptr ? text.data() : describe_thrown(*runtime, *hand, text);
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
                               publish_as,
                               defer,
                               set_will,
                               publish_batch,
                               room,
                               clock_ns,
                               timer_start,
                               timer_cancel,
                               call_as,
                               answer_origin,
                               note_validation};

Hand* this_hand() noexcept { return hand_of_thread; }
void become_serving_thread(Hand& hand) noexcept { hand_of_thread = &hand; }
Hand* hand_to_send(shunt_runtime& runtime, int& code) noexcept { return may_use(runtime, code); }

int fail_in_hand(shunt_runtime& runtime, Hand& hand, ErrorCode code, std::string_view text) noexcept {
  const bus::MessageHeader& request = *hand.in_hand.header;
  ThreadsLock::Hold hold{runtime.lock};
  const int result =
      send_failure(runtime.outbox, hold, request, hand.failures, {code, text, hand.thrown.span()}, request.deadline_ns);
  hand.thrown.count = 0;
  hand.in_hand.failed = true;
  if (result == SHUNT_OK) hand.in_hand.answered = Answered::Given;
  return result;
}

void report_unanswered(shunt_runtime& runtime, Hand& hand, std::string_view text) noexcept {
  hand.in_hand.failed = true;
  // Every time would let a plugin flood the terminal: the 1st, 2nd, 4th, 8th ... is shown, all are counted.
  const std::uint64_t count = [&] {
    const ThreadsLock::Hold hold{runtime.lock};
    return runtime.unanswered.note(text, hand.thrown.span());
  }();
  if (std::has_single_bit(count)) log(&runtime, 3, text.data(), text.size());
}

const char* describe_thrown(const shunt_runtime& runtime, Hand& hand, std::string_view what) noexcept {
  constexpr std::size_t kShown = 8;
  hand.thrown = frames_of_current_exception(runtime.object);
  auto& text = hand.described;
  char* const end = text.data() + text.size() - 1;
  char* out = text.data();
  const auto append = [&]<typename... Arguments>(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    out = fmt::format_to_n(out, end - out, format, std::forward<Arguments>(arguments)...).out;
  };
  append("{}", what.substr(0, text.size() / 2));
  std::size_t shown = 0;
  for (const std::uint64_t frame : hand.thrown.span()) {
    if ((frame & kElsewhere) != 0 || shown == kShown) continue;
    append("{}+{:#x}", shown++ == 0 ? " [thrown at " : " < ", frame);
  }
  if (shown > 0) append("]");
  *out = '\0';
  return text.data();
}

}  // namespace shunt::kit
