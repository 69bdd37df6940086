/// The services of plugin.h for a plugin under test: what the launcher's do, in its words, without a lane.

#include "origins.hpp"
#include "publication_services.hpp"
#include "state.hpp"
#include "timer_services.hpp"

#include <shunt/schemas/limits.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <fmt/format.h>

namespace shunt::test {
namespace {

/// For deferred answers any thread may have samples.
bool may_loan(StandInState& state, int& code) {
  return (!is_serving_thread(state) && state.owed->any()) || may_use(state, code);
}

bool is_deferred(const shunt_message* message) { return message != nullptr && OwedAnswers::names(message->token); }

int check_answer(StandInState& state, const shunt_message* message) {
  const InHand& in_hand = state.in_hand;
  if (message == nullptr || !in_hand.is_request || message->token != in_hand.message.token)
    return state.error.set(ErrorCode::BadInput, "only the request whose handler runs can be answered");
  if (in_hand.deferred != nullptr)
    return state.error.set(ErrorCode::BadInput, "this answer was deferred: give it for what defer gave");
  if (in_hand.answered) return state.error.set(ErrorCode::BadInput, "this request was answered before");
  return SHUNT_OK;
}

/// The time, and a step on.
std::int64_t look_at_clock(StandInState& state) {
  return state.clock_ns.fetch_add(state.clock_step, std::memory_order_relaxed);
}

int loan(shunt_runtime* runtime, std::size_t bytes, shunt_sample* out) {
  auto& state = of(runtime);
  int code = SHUNT_OK;
  *out = {};
  return may_loan(state, code) ? state.outbound.loan(bytes, *out) : code;
}

void give_back(shunt_runtime* runtime, shunt_sample* sample) {
  auto& state = of(runtime);
  if (is_serving_thread(state) || state.owed->any()) state.outbound.give_back(*sample);
}

int reply_later(StandInState& state, std::uint64_t token, shunt_sample& sample, std::size_t offset, std::size_t bytes) {
  int code = SHUNT_OK;
  Error refusal{ErrorCode::BadInput, {}};
  const auto give = [&](const OwedAnswers::Request& request) -> std::optional<Result<Outgoing>> {
    const std::uint32_t function = request.function;
    Outgoing out{.index = function, .origin = request.origin};
    if (code = state.outbound.take(sample, offset, bytes, out); code != SHUNT_OK) return std::nullopt;
    if (is_ring_full(state)) return code = refuse_full_ring(state), std::nullopt;
    const auto& route = state.contract.functions[function];
    if (state.contract.replies[function](out.bytes.span())) return out;
    return tl::make_unexpected(not_of_its_type(route.name, "reply", bytes, route.reply));
  };
  if (state.owed->answer(token, refusal, give)) return code;
  state.outbound.give_back(sample);
  return state.error.set(refusal.code, "{}", refusal.message);
}

int reply(shunt_runtime* runtime, const shunt_message* message, shunt_sample* sample, std::size_t offset,
          std::size_t bytes) {
  auto& state = of(runtime);
  if (is_deferred(message)) return reply_later(state, message->token, *sample, offset, bytes);
  int code = SHUNT_OK;
  if (!may_use(state, code)) return code;
  if (code = check_answer(state, message); code != SHUNT_OK) {
    state.outbound.give_back(*sample);
    return code;
  }
  Outgoing out{.index = state.in_hand.message.index,
               .origin = std::chrono::nanoseconds{state.in_hand.message.origin_ns}};
  if (code = state.outbound.take(*sample, offset, bytes, out); code != SHUNT_OK) return code;
  if (is_ring_full(state)) return refuse_full_ring(state);
  const auto& route = state.contract.functions[out.index];
  if (!state.contract.replies[out.index](out.bytes.span()) && !state.breach)
    state.breach = not_of_its_type(route.name, "reply", bytes, route.reply);
  state.in_hand.answered = true;
  state.in_hand.reply = std::move(out);
  return SHUNT_OK;
}

int defer(shunt_runtime* runtime, const shunt_message* request, shunt_message* later) {
  auto& state = of(runtime);
  int code = SHUNT_OK;
  *later = {};
  if (!may_use(state, code)) return code;
  if (code = check_answer(state, request); code != SHUNT_OK) return code;
  auto owed = state.owed->defer(*request, *later, state.looks.load(std::memory_order_relaxed),
                                state.cancelled_at.load(std::memory_order_relaxed));
  const std::lock_guard lock{state.in_hand_mutex};
  if (state.cancelled.load(std::memory_order_relaxed)) state.owed->cancel(*owed);
  state.deferred_in_hand = owed;
  state.in_hand.deferred = std::move(owed);
  return SHUNT_OK;
}

/// What the test says to a call, with the time that it takes. Null: it says nothing.
std::optional<Scripted> next_answer(StandInState& state, std::uint32_t index) {
  auto& once = state.once[index];
  if (once.empty()) return state.standing[index];
  Scripted scripted = std::move(once.front());
  once.pop_front();
  return scripted;
}

Result<SharedBytes> run_answer(StandInState& state, const Scripted& scripted, std::span<const std::uint8_t> request) {
  try {
    return scripted.answer(request);
  } catch (...) {
    state.test_threw = std::current_exception();
    return error(ErrorCode::Cancelled, "the test's answer threw");
  }
}

Result<SharedBytes> answer_of_test(StandInState& state, const Outgoing& request, std::int64_t deadline_ns) {
  const auto& route = state.contract.calls[request.index];
  if (!state.contract.requests[request.index](request.bytes.span())) {
    auto breach = not_of_its_type(route.name, "request", request.bytes.span().size(), route.request);
    if (!state.breach) state.breach = breach;
    return tl::make_unexpected(std::move(breach));
  }
  const auto scripted = next_answer(state, request.index);
  if (!scripted)
    return error(ErrorCode::NotServing, "{}: nobody serves it in this test; say runner.answer<\"{}\">(...)", route.name,
                 route.name);
  auto answer = run_answer(state, *scripted, request.bytes.span());
  state.clock_ns.fetch_add(scripted->options.takes.count(), std::memory_order_relaxed);
  if (state.clock_ns.load(std::memory_order_relaxed) >= deadline_ns)
    return error(ErrorCode::DeadlineExceeded, "the deadline passed before the call was answered");
  return answer;
}

/// Whether the caller of the request in hand has cancelled it, as far as the plugin could have seen.
bool is_cancelled(const StandInState& state) {
  const unsigned from = state.cancelled_at.load(std::memory_order_relaxed);
  return state.cancelled.load(std::memory_order_relaxed) ||
         (from != 0 && state.looks.load(std::memory_order_relaxed) >= from);
}

int refuse_unwanted(StandInState& state) {
  return state.error.set(ErrorCode::Cancelled, "nobody waits for the answer to the outer call any more");
}

int call_as(shunt_runtime* runtime, const shunt_message* parent, const shunt_call* how, shunt_sample* sample,
            std::size_t offset, std::size_t bytes, shunt_answer* out) {
  auto& state = of(runtime);
  int code = SHUNT_OK;
  *out = {};
  if (!may_use(state, code)) return code;
  if (how->size < sizeof(shunt_call)) {
    state.outbound.give_back(*sample);
    return state.error.set(ErrorCode::BadInput, "a shunt_call of {} bytes cannot be: the least has {}", how->size,
                           sizeof(shunt_call));
  }
  const std::uint32_t index = how->call;
  std::int64_t deadline_ns = how->deadline_ns;
  if (index >= state.contract.calls.size()) {
    state.outbound.give_back(*sample);
    return state.error.set(ErrorCode::Undeclared, "the manifest declares {} calls; there is no number {}",
                           state.contract.calls.size(), index);
  }
  const shunt_message& in_hand = state.in_hand.message;
  if (parent != nullptr && parent->token != in_hand.token) {
    state.outbound.give_back(*sample);
    return state.error.set(ErrorCode::BadInput, "calls can be made for the message whose handler runs only");
  }
  if (state.answers.size() >= kAnswersMax) {
    state.outbound.give_back(*sample);
    return state.error.set(ErrorCode::QuotaExceeded, "{} answers are held: release some before the next call",
                           kAnswersMax);
  }
  const auto now = state.clock_ns.load(std::memory_order_relaxed);
  if (in_hand.deadline_ns != 0 && (deadline_ns == 0 || in_hand.deadline_ns < deadline_ns))
    deadline_ns = in_hand.deadline_ns;
  if (deadline_ns == 0) deadline_ns = now + std::chrono::nanoseconds{kDefaultDeadline}.count();
  Outgoing request{.index = index, .allowed = std::chrono::nanoseconds{std::max<std::int64_t>(deadline_ns - now, 0)}};
  if (!say_origin(state, request, how->origin_ns)) return refuse_origin(state, *sample, how->origin_ns);
  if (code = state.outbound.take(*sample, offset, bytes, request); code != SHUNT_OK) return code;
  if (is_ring_full(state)) return refuse_full_ring(state);
  const bool nested = parent != nullptr;
  if (nested && is_cancelled(state)) return refuse_unwanted(state);
  state.called.push_back(request);
  const auto answer = answer_of_test(state, request, deadline_ns);
  if (nested && is_cancelled(state)) return refuse_unwanted(state);
  if (!answer) return state.error.set(answer.error().code, "{}", answer.error().message);
  const auto& [handle, held] = *state.answers.emplace(++state.last_answer, *answer).first;
  *out = {held.span().data(), held.span().size(), handle};
  state.answer_origins[handle] = request.origin.count();
  return SHUNT_OK;
}

int call(shunt_runtime* runtime, const shunt_message* parent, std::uint32_t index, shunt_sample* sample,
         std::size_t offset, std::size_t bytes, std::int64_t deadline_ns, shunt_answer* out) {
  const shunt_call how{sizeof how, index, deadline_ns, SHUNT_ORIGIN_INHERITED};
  return call_as(runtime, parent, &how, sample, offset, bytes, out);
}

void release(shunt_runtime* runtime, shunt_answer* answer) {
  const shunt_answer taken = std::exchange(*answer, shunt_answer{});
  if (!is_serving_thread(of(runtime))) return;
  of(runtime).answers.erase(taken.handle);
  of(runtime).answer_origins.erase(taken.handle);
}

int fail_later(StandInState& state, std::uint64_t token, Error&& why) {
  int code = SHUNT_OK;
  Error refusal{ErrorCode::BadInput, {}};
  const auto give = [&](const OwedAnswers::Request&) -> std::optional<Result<Outgoing>> {
    if (!is_ring_full(state)) return tl::make_unexpected(std::move(why));
    code = refuse_full_ring(state);
    return error(ErrorCode::PluginFailed, "the deferred answer failed, and there was no room to say so");
  };
  if (state.owed->answer(token, refusal, give)) return code;
  return state.error.set(refusal.code, "{}", refusal.message);
}

int fail(shunt_runtime* runtime, const shunt_message* message, int code, const char* text, std::size_t text_bytes) {
  constexpr std::size_t kTextBytesMax = 4096;
  auto& state = of(runtime);
  const bool known = code >= 0 && code < 0xffff;
  Error why{known ? static_cast<ErrorCode>(code) : ErrorCode::PluginFailed,
            std::string(text, std::min(text_bytes, kTextBytesMax))};
  if (is_deferred(message)) return fail_later(state, message->token, std::move(why));
  int result = SHUNT_OK;
  if (!may_use(state, result)) return result;
  InHand& in_hand = state.in_hand;
  const bool is_publication = message != nullptr && message->token == in_hand.message.token &&
                              (message->token != 0 || in_hand.is_timer) && !in_hand.is_request;
  if (!is_publication)
    if (result = check_answer(state, message); result != SHUNT_OK) return result;
  in_hand.failure = std::move(why);
  in_hand.answered = true;
  return SHUNT_OK;
}

std::int64_t now_ns(shunt_runtime* runtime) { return look_at_clock(of(runtime)); }

int cancelled(shunt_runtime* runtime, const shunt_message* message) {
  auto& state = of(runtime);
  if (message == nullptr) return 0;
  if (message->deadline_ns != 0 && look_at_clock(state) >= message->deadline_ns) return 1;
  if (is_deferred(message)) return state.owed->is_unwanted(message->token) ? 1 : 0;
  const unsigned look = state.looks.fetch_add(1, std::memory_order_relaxed) + 1;
  const unsigned from = state.cancelled_at.load(std::memory_order_relaxed);
  if (from != 0 && look >= from) return 1;
  return state.cancelled.load(std::memory_order_relaxed) ? 1 : 0;
}

void note_validation(shunt_runtime* runtime, const char* type, int refused, std::int64_t) {
  auto& counts = of(runtime).validated[type];
  ++counts.checked;
  counts.refused += refused != 0 ? 1 : 0;
}

void log(shunt_runtime* runtime, int level, const char* text, std::size_t text_bytes) {
  auto& state = of(runtime);
  const std::lock_guard lock{state.log_mutex};
  state.log.push_back({static_cast<kit::LogLevel>(std::clamp(level, 0, 3)), std::string(text, text_bytes)});
}

const char* last_error(shunt_runtime* runtime) { return of(runtime).error.text(); }

const char* describe_exception(shunt_runtime* runtime, const char* what) {
  auto& text = of(runtime).described;
  const auto end = fmt::format_to_n(text.data(), text.size() - 1, "{}", what == nullptr ? "" : what).out;
  *end = '\0';
  return text.data();
}

}  // namespace

const shunt_services kStandInServices{
    .size = sizeof(shunt_services),
    .loan = loan,
    .give_back = give_back,
    .reply = reply,
    .publish = publish,
    .call = call,
    .release = release,
    .fail = fail,
    .now_ns = now_ns,
    .cancelled = cancelled,
    .log = log,
    .last_error = last_error,
    .describe_exception = describe_exception,
    .publish_as = publish_as,
    .defer = defer,
    .set_will = set_will,
    .publish_batch = publish_batch,
    .room = room,
    .clock_ns = clock_ns,
    .timer_start = timer_start,
    .timer_cancel = timer_cancel,
    .call_as = call_as,
    .answer_origin = answer_origin,
    .note_validation = note_validation,
};

// Who appends a service to plugin.h gives it to plugins under test as well: a function above, a line in the table, and
// its name here in place of the last.
static_assert(sizeof(shunt_services) ==
                  offsetof(shunt_services, note_validation) + sizeof(shunt_services::note_validation),
              "plugin.h has a service that a plugin under test does not get");

StandInState& of(shunt_runtime* runtime) { return *reinterpret_cast<StandInState*>(runtime); }

bool is_serving_thread(const StandInState& state) {
  return state.serving.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

Error not_of_its_type(std::string_view route, std::string_view what, std::size_t bytes, const kit::TypeName& type) {
  return {ErrorCode::BadPayload, fmt::format("\"{}\": a {} of {} bytes is not a {} (schema {:016x})", route, what,
                                             bytes, type.name, type.hash.value)};
}

}  // namespace shunt::test
