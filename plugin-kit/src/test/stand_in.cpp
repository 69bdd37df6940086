#include "inside.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/plugin-kit/runtime/descriptor_check.hpp>

#include <array>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

namespace shunt::test {
namespace {

using control::Phase;

shunt_runtime* runtime(StandInState& state) { return reinterpret_cast<shunt_runtime*>(&state); }

Status make(StandInState& state) {
  if (state.self != nullptr) return {};
  SHUNT_CHECK(kit::check_descriptor(state.plugin, {!state.contract.functions.empty(), !state.contract.topics_in.empty(),
                                                   !state.contract.states.empty()}));
  const Inside inside(state);
  state.described[0] = '\0';
  const auto thrown = catch_all([&] { state.self = state.plugin.create(runtime(state), &kStandInServices); });
  if (thrown) return error(ErrorCode::PluginFailed, "{}", *thrown);
  if (state.self == nullptr)
    return error(ErrorCode::PluginFailed, "{}",
                 state.described[0] != '\0' ? state.described.data() : "the plugin's create() gave nothing");
  state.at = kit::State::Loaded;
  state.last_wills.clear();
  return {};
}

void unload(StandInState& state) {
  if (state.self == nullptr) return;
  const Inside inside(state);
  state.plugin.destroy(std::exchange(state.self, nullptr));
}

int call(StandInState& state, Phase phase, std::vector<char>& text) {
  if (phase == Phase::Validate) return state.plugin.validate(state.self, text.data(), text.size());
  if (phase == Phase::Activate) return state.plugin.activate(state.self, text.data(), text.size());
  std::vector<shunt_setting> settings;
  for (const auto& [key, value] : *state.settings) settings.push_back({key.c_str(), value.c_str()});
  return state.plugin.init(state.self, settings.data(), settings.size(), text.data(), text.size());
}

/// As a host does it before activate.
Status look_for_last_wills(const StandInState& state) {
  for (std::uint32_t topic = 0; topic < state.contract.topics_out.size(); ++topic)
    if (const auto& route = state.contract.topics_out[topic];
        *route.last_will != '\0' && !state.last_wills.contains(topic))
      return error(ErrorCode::PluginFailed,
                   "{} declares the last will \"{}\" for \"{}\" and has set none when validate returned: call set_will "
                   "there",
                   state.contract.plugin, route.last_will, route.name);
  return {};
}

Status run(StandInState& state, Phase phase) {
  const auto step = kit::transition(state.at, phase);
  if (!step || state.self == nullptr)
    return error(ErrorCode::BadInput, "{} is out of turn", control::EnumNamePhase(phase));
  std::vector<char> text(4096);
  int code = SHUNT_OK;
  std::optional<std::string> thrown;
  {
    const Inside inside(state);
    state.may_send = phase == Phase::Activate;
    state.may_set_will = phase != Phase::Init;
    state.may_start_timers = phase == Phase::Activate;
    thrown = catch_all([&] { code = call(state, phase, text); });
    text.back() = '\0';
  }
  state.at = thrown || code != SHUNT_OK ? step->failed : step->done;
  SHUNT_CHECK(aftermath(state));
  if (thrown) return error(ErrorCode::PluginFailed, "{}", *thrown);
  if (code == SHUNT_OK && phase == Phase::Validate) {
    Status wills = look_for_last_wills(state);
    if (!wills) state.at = step->failed;
    return wills;
  }
  if (code == SHUNT_OK) return {};
  const bool known = code >= 0 && code < 0xffff;
  return tl::make_unexpected(Error{known ? static_cast<ErrorCode>(code) : ErrorCode::PluginFailed, text.data()});
}

/// Runs the handler of what is in hand.
template <typename Handler>
std::optional<std::string> handle(StandInState& state, std::span<const std::uint8_t> payload, const Handler& handler) {
  const SharedBytes copy = SharedBytes::copy_of(payload);  // gone after the handler, as its message is
  state.in_hand.message.payload = copy.span().data();
  state.in_hand.message.payload_bytes = copy.span().size();
  const Inside inside(state);
  return catch_all([&] { handler(state.self, &state.in_hand.message); });
}

void take_in_hand(StandInState& state, std::uint32_t index, bool redelivered, bool is_request) {
  state.in_hand = {};
  state.in_hand.is_request = is_request;
  state.in_hand.message.index = index;
  state.in_hand.message.flags = redelivered ? std::uint32_t{SHUNT_REDELIVERED} : 0u;
  state.in_hand.message.token = ++state.last_token;
  state.looks.store(0, std::memory_order_relaxed);
  state.cancelled_at.store(0, std::memory_order_relaxed);
  state.cancelled.store(false, std::memory_order_relaxed);
}

void fire_next_timer(StandInState& state) {
  {
    const Inside inside(state);
    state.timers.fire_next(state.clock_ns.load(std::memory_order_relaxed), [&](const auto& timer, const auto& tick) {
      state.in_hand = {};
      state.in_hand.is_timer = true;
      state.in_hand.message.index = SHUNT_NO_INDEX;
      const auto thrown = catch_all([&] { timer.fire(timer.data, &state.in_hand.message, &tick); });
      InHand done = std::exchange(state.in_hand, {});
      if (thrown) state.timer_failures.push_back({ErrorCode::PluginFailed, *thrown});
      else if (done.failure) state.timer_failures.push_back(*std::move(done.failure));
    });
  }
  if (const auto status = aftermath(state); !status) state.timer_failures.push_back(status.error());
}

Status refuse_idle(const StandInState& state) {
  SHUNT_CHECK(refuse_inside(state));
  if (state.at == kit::State::Serving) return {};
  return error(ErrorCode::NotServing, "{} does not serve: init, validate and activate come first",
               state.contract.plugin);
}

void forget_deferred_in_hand(StandInState& state) {
  const std::lock_guard lock{state.in_hand_mutex};
  state.deferred_in_hand = nullptr;
}

/// What came of it; nothing yet, when the answer is `deferred`.
Result<Outgoing> run_request(StandInState& state, std::uint32_t function, std::span<const std::uint8_t> payload,
                             const RequestOptions& options, OwedAnswers::Owed& deferred) {
  SHUNT_CHECK(refuse_idle(state));
  const auto now = state.clock_ns.load(std::memory_order_relaxed);
  const auto deadline = bus::deadline_after(now, options.deadline);
  if (now >= deadline) return error(ErrorCode::DeadlineExceeded, "the deadline passed before the handler was entered");
  if (options.cancelled_at_look == 0u)
    return error(ErrorCode::Cancelled, "the caller cancelled before the handler was entered");
  take_in_hand(state, function, options.redelivered, true);
  state.in_hand.message.deadline_ns = deadline;
  state.in_hand.message.origin_ns = options.origin.count();
  state.in_hand.message.hints = options.hints.data();
  state.in_hand.message.hints_bytes = options.hints.size();
  state.cancelled_at.store(options.cancelled_at_look.value_or(0), std::memory_order_relaxed);
  const auto thrown = handle(state, payload, state.plugin.handle);
  InHand done = std::exchange(state.in_hand, {});
  forget_deferred_in_hand(state);
  SHUNT_CHECK(aftermath(state));
  if (deferred = std::move(done.deferred); deferred != nullptr) return Outgoing{};
  if (done.failure) return tl::make_unexpected(*std::move(done.failure));
  if (done.answered) return std::move(done.reply);
  return error(ErrorCode::PluginFailed, "{}", thrown.value_or("the handler returned without an answer"));
}

}  // namespace

struct StartedState {
  StartedState(std::shared_ptr<OwedAnswers> its_answers, std::string_view its_function,
               std::chrono::nanoseconds its_patience)
      : answers(std::move(its_answers)), function(its_function), patience(its_patience) {}

  std::shared_ptr<OwedAnswers> answers;
  std::string function;
  std::chrono::nanoseconds patience;
  OwedAnswers::Owed deferred{};  ///< Null: what came of it is `outcome`.
  std::optional<Result<Outgoing>> outcome{};
};

bool Started::ready() const { return state_->deferred == nullptr || state_->answers->is_over(*state_->deferred); }

Result<Outgoing> Started::get() const {
  if (state_->deferred == nullptr) return *state_->outcome;
  if (auto outcome = state_->answers->await(*state_->deferred, state_->patience)) return *std::move(outcome);
  return error(ErrorCode::DeadlineExceeded,
               "{} deferred its answer, and it did not come within {} ms: what another message brings about is waited "
               "for with call_async()",
               state_->function, std::chrono::duration_cast<std::chrono::milliseconds>(state_->patience).count());
}

bool Started::cancel() const { return state_->deferred != nullptr && state_->answers->cancel(*state_->deferred); }

StandIn::StandIn(const shunt_plugin& plugin, const ContractView& contract, Result<std::vector<Setting>> settings,
                 const RunnerOptions& options)
    : state_(std::make_unique<StandInState>(plugin, contract, std::move(settings), options)) {}

StandIn::~StandIn() {
  if (state_->at != kit::State::Ended) cleanup();  // as a host does, however its test ended
  unload(*state_);
  state_->owed->end();
}

void StandIn::use(Result<std::vector<Setting>> settings) { state_->settings = std::move(settings); }

Status StandIn::load() {
  auto& state = *state_;
  SHUNT_CHECK(refuse_inside(state));
  if (!state.settings) return tl::make_unexpected(state.settings.error());
  if (state.at == kit::State::Ended) unload(state);
  return make(state);
}

Status StandIn::init() {
  SHUNT_CHECK(load());
  return run(*state_, Phase::Init);
}

Status StandIn::validate() {
  SHUNT_CHECK(refuse_inside(*state_));
  return run(*state_, Phase::Validate);
}

Status StandIn::activate() {
  SHUNT_CHECK(refuse_inside(*state_));
  return run(*state_, Phase::Activate);
}

void StandIn::cleanup() {
  auto& state = *state_;
  if (state.self == nullptr) return;
  if (auto refused = refuse_inside(state); !refused) {
    state.breach = std::move(refused).error();
    return;
  }
  const Inside inside(state);
  state.may_start_timers = false;
  state.timers.end_all();
  state.may_send = true;
  state.may_set_will = false;
  state.plugin.cleanup(state.self);
  state.owed->clean_up();
  state.may_send = false;
  state.at = kit::State::Ended;
}

kit::Health StandIn::health() const {
  auto& state = *state_;
  if (state.self == nullptr) return {kit::Health::NotServing, "it is not there"};
  std::array<char, kit::Health::kReasonBytesMax + 1> text{};
  int said = SHUNT_SERVING;
  const Inside inside(state);
  const auto thrown = catch_all([&] {
    constexpr std::size_t kWithReasons = offsetof(shunt_plugin, report_health) + sizeof(shunt_plugin::report_health);
    if (state.plugin.size >= kWithReasons && state.plugin.report_health != nullptr)
      said = state.plugin.report_health(state.self, text.data(), text.size());
    else if (state.plugin.health != nullptr) said = state.plugin.health(state.self);
  });
  text.back() = '\0';
  if (thrown) return {kit::Health::NotServing, *thrown};
  if (said < SHUNT_SERVING || said > SHUNT_NOT_SERVING)
    return {kit::Health::NotServing, fmt::format("its health is {}, which is none", said)};
  return {static_cast<kit::Health::State>(said), text.data()};
}

Started StandIn::start(std::uint32_t function, std::span<const std::uint8_t> payload, const RequestOptions& options) {
  auto started =
      std::make_shared<StartedState>(state_->owed, state_->contract.functions[function].name, state_->patience);
  auto outcome = run_request(*state_, function, payload, options, started->deferred);
  if (started->deferred == nullptr) started->outcome = std::move(outcome);
  return Started(std::move(started));
}

Status StandIn::publication(std::uint32_t topic, std::span<const std::uint8_t> payload,
                            const PublicationOptions& options) {
  auto& state = *state_;
  SHUNT_CHECK(refuse_idle(state));
  take_in_hand(state, topic, options.redelivered, false);
  if (options.latched) state.in_hand.message.flags |= SHUNT_LATCHED;
  if (options.last_will) state.in_hand.message.flags |= SHUNT_LAST_WILL;
  state.in_hand.message.origin_ns = options.origin.count();
  state.in_hand.message.hints = options.hints.data();
  state.in_hand.message.hints_bytes = options.hints.size();
  const auto thrown = handle(state, payload, state.plugin.receive);
  InHand done = std::exchange(state.in_hand, {});
  SHUNT_CHECK(aftermath(state));
  if (done.failure) return tl::make_unexpected(*std::move(done.failure));
  if (thrown) return error(ErrorCode::PluginFailed, "{}", *thrown);
  return {};
}

void StandIn::answer(std::uint32_t call, Answerer answer, AnswerOptions options) {
  state_->standing[call] = Scripted{std::move(answer), options};
}

void StandIn::answer_once(std::uint32_t call, Answerer answer, AnswerOptions options) {
  state_->once[call].push_back({std::move(answer), options});
}

const std::vector<Outgoing>& StandIn::published() const { return state_->published; }
const std::vector<Outgoing>& StandIn::called() const { return state_->called; }
const Outgoing* StandIn::last_will(std::uint32_t topic) const {
  const auto found = state_->last_wills.find(topic);
  return found == state_->last_wills.end() ? nullptr : &found->second;
}

std::vector<LogLine> StandIn::log() const {
  const std::lock_guard lock{state_->log_mutex};
  return state_->log;
}

void StandIn::forget() {
  state_->timer_failures.clear();
  state_->published.clear();
  state_->called.clear();
  const std::lock_guard lock{state_->log_mutex};
  state_->log.clear();
}

void StandIn::cancel() {
  const std::lock_guard lock{state_->in_hand_mutex};
  state_->cancelled.store(true, std::memory_order_relaxed);
  if (state_->deferred_in_hand != nullptr) state_->owed->cancel(*state_->deferred_in_hand);
}

/// Step by step, so that each timer runs at the moment at which it is due. While code of the plugin runs, or it does
/// not serve, the clock goes on alone.
void StandIn::advance(std::chrono::nanoseconds by) {
  auto& state = *state_;
  const std::int64_t until = bus::deadline_after(state.clock_ns.load(std::memory_order_relaxed), by);
  const auto go_to = [&](std::int64_t then) {
    std::int64_t now = state.clock_ns.load(std::memory_order_relaxed);
    while (now < then && !state.clock_ns.compare_exchange_weak(now, then, std::memory_order_relaxed)) {
    }
  };
  const bool may_fire = state.serving.load(std::memory_order_relaxed) == std::thread::id{};
  while (may_fire && state.at == kit::State::Serving && state.timers.next_due_ns() <= until) {
    go_to(state.timers.next_due_ns());
    fire_next_timer(state);
  }
  go_to(until);
}
Validated StandIn::validated(std::string_view type) const {
  const auto found = state_->validated.find(type);
  return found == state_->validated.end() ? Validated{} : found->second;
}
const std::vector<Error>& StandIn::timer_failures() const { return state_->timer_failures; }
std::chrono::nanoseconds StandIn::now() const {
  return std::chrono::nanoseconds{state_->clock_ns.load(std::memory_order_relaxed)};
}
void StandIn::fill_ring(bool full) { state_->ring_full.store(full, std::memory_order_relaxed); }

std::size_t StandIn::chunks_held() const { return state_->outbound.on_loan(); }
std::size_t StandIn::answers_held() const { return state_->answers.size(); }

}  // namespace shunt::test
