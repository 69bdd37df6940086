/// State from the version that a switch leads away from to the one that it leads to: once nothing is in flight any more
/// that began before, and before anything that came since.
///
///     exchange    what comes for the plugin waits, on all of its routes (Seat::awaits_state)
///     drained     the old version writes a snapshot into a file of ours, and stands still from then on
///                 the new version reads it and restores
///     settled     what has waited goes to the new version; the old one is cleaned up
///
/// Whatever fails here undoes the switch: the old version goes on, and gets what has waited. What is in the file is the
/// word of one version to the other; nobody here looks at it.

#include "control_socket.hpp"
#include "plugin_process.hpp"
#include "state_versions.hpp"
#include "switching.hpp"
#include "units.hpp"

#include <shunt/bus/file_limit.hpp>

#include <memory>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace shunt::host {
namespace {

/// Of `bytes`, for good; pages come as they are written.
Result<bus::UniqueFd> make_file(std::uint64_t bytes) {
  SHUNT_CHECK(bus::fits_file_limit(bytes));
  bus::UniqueFd file{::memfd_create("shunt-state", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (!file) return system_error("memfd_create");
  if (::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) return system_error("giving a state's file its size");
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
    return system_error("sealing a state's file");
  return file;
}

/// One that has ended is waited for as any other is: its end is about to be seen.
bool is_untold(const Status& asked) { return !asked && asked.error().code != ErrorCode::HostGone; }

}  // namespace

// ---- What is said to one process, and what it says

Status PluginProcess::ask_snapshot(std::uint32_t state, std::uint64_t bytes_max, int file) {
  flatbuffers::FlatBufferBuilder builder;
  finish_message(builder, control::CreateSnapshot(builder, static_cast<std::uint16_t>(state), bytes_max));
  states_.push_back({true, bytes_max});
  frozen_ = true;
  return send_packet(plugin_.get(), builder, {&file, 1});
}

Status PluginProcess::ask_restore(std::uint32_t state, std::uint64_t bytes, int file) {
  flatbuffers::FlatBufferBuilder builder;
  finish_message(builder, control::CreateRestore(builder, static_cast<std::uint16_t>(state), bytes));
  states_.push_back({});
  return send_packet(plugin_.get(), builder, {&file, 1});
}

void PluginProcess::thaw() {
  if (!std::exchange(frozen_, false)) return;
  flatbuffers::FlatBufferBuilder builder;
  finish_message(builder, control::CreateThaw(builder));
  if (const auto sent = send_packet(plugin_.get(), builder, {}); !sent && sent.error().code != ErrorCode::HostGone)
    end(Event::Breach, "its control socket is full");
}

template <typename Said>
Error PluginProcess::state_error(std::string_view what, const Said& said) const {
  const auto* const frames = said.frames();
  return {static_cast<ErrorCode>(said.code() - 1),
          named(fmt::format(
              "{}: {}", what,
              instance_->account(
                  said.message() == nullptr ? "no reason given" : said.message()->string_view(),
                  frames == nullptr ? std::span<const std::uint64_t>{} : std::span{frames->data(), frames->size()})))};
}

/// False: it is something else, or nobody has asked for it.
bool PluginProcess::accept_state(const control::Message& message) {
  const auto* const snapshotted = message.body_as_Snapshotted();
  const auto* const restored = message.body_as_Restored();
  if ((snapshotted == nullptr && restored == nullptr) || states_.empty()) return false;
  const AskedOfState asked = states_.front();
  if (asked.snapshot != (snapshotted != nullptr)) return false;
  states_.pop_front();
  if (restored != nullptr) {
    if (restored->code() == 0) listener_.on_state(*instance_, std::uint64_t{0});
    else listener_.on_state(*instance_, tl::make_unexpected(state_error("it did not restore its state", *restored)));
  } else if (snapshotted->code() != 0) {
    listener_.on_state(*instance_, tl::make_unexpected(state_error("it did not write down its state", *snapshotted)));
  } else if (snapshotted->bytes() == 0 || snapshotted->bytes() > asked.bytes_max) {
    return false;
  } else {
    listener_.on_state(*instance_, snapshotted->bytes());
  }
  return true;
}

/// In the order in which they were asked.
void Supervisor::on_state(Instance& instance, Result<std::uint64_t> bytes) {
  Running* const running = find(instance);
  if (running == nullptr || running->states_asked.empty()) return;
  const StateAsked first = std::move(running->states_asked.front());
  running->states_asked.pop_front();
  loop_.cancel(first.timer);
  if (first.done) first.done(std::move(bytes));
}

/// `done` once: with what it says, or that it takes too long.
void Supervisor::await_state(Running& running, std::string_view what, std::function<void(Result<std::uint64_t>)> done) {
  const std::uint64_t number = ++last_state_;
  const auto limit = running.version->configuration.deadlines.state;
  const auto timer = loop_.after(limit, [this, keep = running.process->share(), number, what, limit] {
    Running* const late = find(*keep);
    if (late == nullptr) return;
    for (StateAsked& each : late->states_asked)
      if (each.number == number && each.done)
        return std::exchange(each.done, {})(
            error(ErrorCode::DeadlineExceeded, "{} {}: it did not {} its state within {} (deadlines.state)",
                  keep->identity.plugin, to_string(keep->identity.version), what, duration_text(limit)));
  });
  running.states_asked.push_back({number, timer, std::move(done)});
}

void Supervisor::end_states_asked(Running& running, EventLoop& loop, const std::string& why) {
  for (StateAsked& each : running.states_asked) {
    loop.cancel(each.timer);
    if (each.done) std::exchange(each.done, {})(error(ErrorCode::PluginCrashed, "{}", why));
  }
  running.states_asked.clear();
}

// ---- The hand-over

/// Which version of its state each plugin hands over. Errors: those of state_between().
Status Supervisor::find_states(std::vector<Move>& moves) {
  for (Move& move : moves) {
    if (!move.switches()) continue;
    SHUNT_TRY(state, state_between(move.from_version->image.manifest, move.to_version->image.manifest));
    move.state = state.value_or(0);
  }
  return {};
}

/// All side by side.
void Supervisor::hand_over(const std::shared_ptr<Switching>& switching) {
  switching->awaited = 1;  // ours, until all are asked
  const auto handed = [this, switching](const Status& status) {
    if (!switching->one_less(status)) return;
    const Status outcome = std::exchange(switching->outcome, {});
    hub_->drain();  // what timers of the old version have published before its snapshot comes before the new one's
    if (outcome || stopping_) settle(switching, outcome);
    else undo(switching, outcome.error());
  };
  for (const Move& move : switching->moves) switching->awaited += move.state != 0 ? 1 : 0;
  for (Move& move : switching->moves)
    if (move.state != 0) hand_over(switching, move, handed);
  handed({});
}

/// A plugin with state has one seat.
void Supervisor::hand_over(const std::shared_ptr<Switching>& switching, Move& move, const Done& done) {
  const auto from = move.from.find(0);
  const auto old = from == move.from.end() ? nullptr : from->second;
  Running* const writer = old == nullptr ? nullptr : find(*old);
  const auto lost = [this, &move, done] {
    note(HostEventKind::StateLost, move.plugin,
         fmt::format("{} ended before its state was written down: {} serves without",
                     to_string(move.from_version->image.version), to_string(move.to_version->image.version)));
    done({});
  };
  if (writer == nullptr) return lost();
  auto made = make_file(writer->version->configuration.state_max);
  if (!made) return done(tl::make_unexpected(made.error()));
  const auto file = std::make_shared<bus::UniqueFd>(*std::move(made));
  const auto state_max = writer->version->configuration.state_max;
  if (const Status asked = writer->process->ask_snapshot(move.state, state_max, file->get()); is_untold(asked))
    return done(asked);
  await_state(*writer, "write down",
              [this, switching, &move, old, file, lost, done](const Result<std::uint64_t>& bytes) {
                if (bytes) {
                  move.state_bytes = *bytes;
                  return restore(switching, move, *file, done);
                }
                if (find(*old) == nullptr) return lost();
                done(tl::make_unexpected(bytes.error()));
              });
}

void Supervisor::restore(const std::shared_ptr<Switching>& switching, Move& move, const bus::UniqueFd& file,
                         const Done& done) {
  const auto taker = move.to.at(0);
  Running* const reader = taker == nullptr ? nullptr : find(*taker);
  if (reader == nullptr)
    return done(error(ErrorCode::PluginCrashed, "{} {} ended before it had the state of {}", move.plugin,
                      to_string(move.to_version->image.version), to_string(move.from_version->image.version)));
  if (const Status asked = reader->process->ask_restore(move.state, move.state_bytes, file.get()); is_untold(asked))
    return done(asked);
  await_state(*reader, "restore", [switching, done](const Result<std::uint64_t>& restored) {
    if (restored) done({});
    else done(tl::make_unexpected(restored.error()));
  });
}

void Supervisor::tell_handed_over(const Switching& switching) {
  const auto pause = EventLoop::Clock::now() - switching.exchanged;
  for (const Move& move : switching.moves) {
    if (move.state_bytes == 0) continue;
    const auto& instance = move.to.at(0);
    events_.add({.kind = HostEventKind::HandedOver,
                 .plugin = move.plugin,
                 .version = to_string(move.to_version->image.version),
                 .instance = instance == nullptr ? 0 : instance->identity.id.value,
                 .text = fmt::format("has state {} of {}, {} bytes; what came for it waited {:.1f} ms", move.state,
                                     to_string(move.from_version->image.version), move.state_bytes,
                                     std::chrono::duration<double, std::milli>(pause).count()),
                 .pause = pause,
                 .state_bytes = move.state_bytes});
  }
}

}  // namespace shunt::host
