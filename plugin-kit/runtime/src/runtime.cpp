#include "health_teller.hpp"
#include "lifecycle.hpp"
#include "phases.hpp"
#include "serving_loop.hpp"
#include "state_hand_over.hpp"

#include <shunt/bus/clock.hpp>
#include <shunt/plugin-kit/runtime/crash_notes.hpp>
#include <shunt/plugin-kit/runtime/runtime.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include <pthread.h>
#include <unistd.h>

namespace shunt::kit {

struct Runtime::Parts {
  Parts(std::unique_ptr<bus::LaneEnd> lane_end, Contract agreed, ControlChannel channel,
        std::function<Result<LoadedPlugin>()> load, std::function<void()> serving)
      : lane(std::move(lane_end)),
        contract(std::move(agreed)),
        control(std::move(channel)),
        state(*lane, contract, control, commands),
        phases(state, std::move(load)),
        health(state, phases, control),
        on_serving(std::move(serving)) {}

  std::unique_ptr<bus::LaneEnd> lane;
  Contract contract;
  ControlChannel control;
  CommandBox commands;
  shunt_runtime state;
  Phases phases;
  HealthTeller health;
  std::function<void()> on_serving;

  void start_serving();
  Status start_workers(ServingLoop& loop);
  [[noreturn]] void serve();
  State enter(ServingLoop& loop, State at, control::Phase phase);
  State hand_over(ServingLoop& loop, State at, const StateCommand& command);
  template <typename Answer>
  void answer(Answer result) const;
  void look_around() noexcept;
  void ask_advance(std::uint64_t by_ns);
};

namespace {

constexpr std::chrono::nanoseconds kHealthPeriodMin{1'000'000};

/// Without destructors: the other thread still runs, and what the plugin left behind is not ours to touch.
[[noreturn]] void end_process(int code) {
  std::fflush(nullptr);  // what the plugin printed
  ::_exit(code);
}

[[noreturn]] void end_with(std::string_view sentence) {
  std::fprintf(stderr, "shunt-launch: %.*s\n", static_cast<int>(sentence.size()), sentence.data());
  end_process(1);
}

/// None: it is something else.
std::optional<StateCommand> state_command_of(ControlPacket& packet) {
  using What = StateCommand::What;
  const auto file = [&] {
    return packet.descriptors.empty() ? bus::UniqueFd{} : std::move(packet.descriptors.front());
  };
  if (const auto* const snapshot = packet.message().body_as_Snapshot())
    return StateCommand{What::Snapshot, snapshot->version(), snapshot->bytes_max(), file()};
  if (const auto* const restore = packet.message().body_as_Restore())
    return StateCommand{What::Restore, restore->version(), restore->bytes(), file()};
  if (packet.message().body_as_Thaw() != nullptr) return StateCommand{};
  return std::nullopt;
}

}  // namespace

Runtime::Runtime(std::unique_ptr<bus::LaneEnd> lane, Contract contract, ControlChannel control,
                 std::function<Result<LoadedPlugin>()> load, std::function<void()> on_serving)
    : parts_(std::make_unique<Parts>(std::move(lane), std::move(contract), std::move(control), std::move(load),
                                     std::move(on_serving))) {}

Runtime::~Runtime() = default;

template <typename Answer>
void Runtime::Parts::answer(Answer result) const {
  if (const auto sent = control.send(std::move(result)); !sent) ::_exit(kExitHostGone);
}

void Runtime::Parts::start_serving() {
  try {
    std::thread{[this] { serve(); }}.detach();  // it ends with the process
  } catch (const std::system_error& problem) {
    control::EnteredT entered;
    entered.code = static_cast<std::uint16_t>(ErrorCode::System) + 1;
    entered.message = fmt::format("starting the serving thread: {}; raise the plugin's memory limit", problem.what());
    answer(std::move(entered));
    end_process(1);
  }
}

/// They run handlers from now on, beside this thread, and leave when the next phase waits.
Status Runtime::Parts::start_workers(ServingLoop& loop) {
  const auto& hands = state.crew.hands();
  for (std::size_t index = 1; index < hands.size(); ++index) {
    state.crew.enter();
    try {
      std::thread{[this, &loop, &hand = *hands[index]] {
        ::pthread_setname_np(::pthread_self(), "shunt-worker");
        become_serving_thread(hand);
        const AlternateStack stack;
        if (!loop.work(hand))
          end_with(fmt::format("the host broke the lane's contract: {}", bus::describe(lane->breach())));
      }}.detach();  // it ends with the process, or before
    } catch (const std::system_error& problem) {
      state.crew.leave(*hands[index]);
      return error(ErrorCode::System, "starting worker {} of {}: {}; raise the plugin's memory or threads limit", index,
                   hands.size() - 1, problem.what());
    }
  }
  return {};
}

State Runtime::Parts::enter(ServingLoop& loop, State at, control::Phase phase) {
  const auto step = transition(at, phase);
  if (!step) {
    control::EnteredT refused;
    refused.phase = phase;
    refused.code = static_cast<std::uint16_t>(ErrorCode::BadInput) + 1;
    refused.message = fmt::format("{} is out of turn", control::EnumNamePhase(phase));
    answer(std::move(refused));
    return at;
  }
  auto result = phases.run(phase);
  if (phase == control::Phase::Activate && result.code == 0) {
    health.ask(state.hand);  // told before its routes lead to it
    if (const auto started = start_workers(loop); !started) {
      result.code = static_cast<std::uint16_t>(started.error().code) + 1;
      result.message = started.error().message;
    }
  }
  const State then = result.code == 0 ? step->done : step->failed;
  answer(std::move(result));
  if (phase == control::Phase::Activate && then == State::Serving && on_serving) on_serving();
  return then;
}

/// The workers have left for it, and come back where the plugin goes on.
State Runtime::Parts::hand_over(ServingLoop& loop, State at, const StateCommand& command) {
  using What = StateCommand::What;
  if (at != (command.what == What::Thaw ? State::Frozen : State::Serving))
    end_with("the host asks for state out of turn");
  StateHandOver state_of_plugin{state, phases};
  if (command.what == What::Snapshot) {
    answer(state_of_plugin.snapshot(command));
    return State::Frozen;
  }
  std::optional<control::RestoredT> restored;
  if (command.what == What::Restore) restored = state_of_plugin.restore(command);
  if (const auto started = start_workers(loop); !started) end_with(started.error().message);
  if (restored) answer(*std::move(restored));
  return State::Serving;
}

void Runtime::Parts::serve() {
  ::pthread_setname_np(::pthread_self(), "shunt-serve");
  become_serving_thread(state.hand);
  const AlternateStack stack;
  auto loaded = phases.load();
  const bool is_loaded = loaded.code == 0;
  answer(std::move(loaded));
  if (!is_loaded) end_process(1);
  ServingLoop loop{state, phases, commands, health, control};
  State at = State::Loaded;
  while (at != State::Ended) {
    const Command command = commands.take();
    if (const auto* const phase = std::get_if<control::Phase>(&command)) at = enter(loop, at, *phase);
    else at = hand_over(loop, at, std::get<StateCommand>(command));
    if (at == State::Serving && !loop.run())
      end_with(fmt::format("the host broke the lane's contract: {}", bus::describe(lane->breach())));
  }
  end_process(0);
}

/// Now and then, on the control thread: the serving thread is not blocked by it, nor is this one by a stuck handler.
void Runtime::Parts::look_around() noexcept {
  state.attention.raise(Attention::Health);
  const std::int64_t since_ns = state.own_work.since_ns();
  const std::int64_t now_ns = bus::now_ns();
  if (since_ns == 0 || now_ns - since_ns < contract.handler_max.count()) return;
  control::StuckT stuck;
  stuck.what = state.own_work.what();
  stuck.for_ns = static_cast<std::uint64_t>(now_ns - since_ns);
  static_cast<void>(control.send(std::move(stuck)));  // a host that is gone is noticed by the receiver
}

void Runtime::Parts::ask_advance(std::uint64_t by_ns) {
  state.clock.ask(by_ns);
  state.attention.raise(Attention::Clock);
  commands.nudge();
}

void Runtime::run() {
  install_crash_notes(parts_->lane->mine().crash);
  const AlternateStack stack;
  parts_->start_serving();
  const auto period = std::max(parts_->contract.health_period, kHealthPeriodMin);
  std::int64_t next_look_ns = bus::deadline_after(bus::now_ns(), period);
  while (true) {
    if (const std::chrono::nanoseconds left{next_look_ns - bus::now_ns()}; !parts_->control.await(left)) {
      parts_->look_around();
      next_look_ns = bus::deadline_after(bus::now_ns(), period);
      continue;
    }
    auto packet = parts_->control.receive();
    if (!packet) {
      if (packet.error().code == ErrorCode::HostGone) ::_exit(kExitHostGone);
      end_with(packet.error().message);
    }
    if (const auto* enter = packet->message().body_as_Enter()) parts_->commands.post(enter->phase());
    if (const auto* advance = packet->message().body_as_Advance()) parts_->ask_advance(advance->by_ns());
    if (auto command = state_command_of(*packet)) parts_->commands.post(*std::move(command));
  }
}

}  // namespace shunt::kit
