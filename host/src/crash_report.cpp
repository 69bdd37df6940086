#include "crash_report.hpp"

#include "escaped.hpp"

#include <shunt/bus/clock.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <cxxabi.h>

namespace shunt::host {
namespace {

constexpr std::size_t kTextBytesMax = 1024;  // more than any text of a crash note has, escaped

/// A text of the plugin, which need not end with a zero.
template <std::size_t kBytes>
std::string text_of(const std::array<char, kBytes>& place) {
  return escaped({place.data(), ::strnlen(place.data(), kBytes)}, kTextBytesMax);
}

/// "std::runtime_error" for "St13runtime_error". Short, so that taking it apart cannot go deep.
template <std::size_t kBytes>
std::string type_of(std::array<char, kBytes> mangled) {
  mangled.back() = '\0';
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> readable{abi::__cxa_demangle(mangled.data(), nullptr, nullptr, &status),
                                                        std::free};
  return escaped(status == 0 ? readable.get() : mangled.data(), kTextBytesMax);
}

template <typename Frames>
std::vector<std::string> lines_of(const Instance& instance, const Frames& frames, std::size_t count, FrameKind first) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < std::min(count, frames.size()); ++i)
    lines.push_back(instance.describe_frame(frames[i], i == 0 ? first : FrameKind::Return));
  return lines;
}

/// A fault is about an address; of other signals that field is something else.
bool is_fault(const PluginsWord& word, std::int32_t code) {
  const bool has_address = word.signal == SIGSEGV || word.signal == SIGBUS || word.signal == SIGILL ||
                           word.signal == SIGFPE || word.signal == SIGTRAP;
  return has_address && code > 0;
}

CrashKind kind_of(const Death& death, const PluginsWord& says) {
  if (!death.reason.empty()) return death.kind.value_or(CrashKind::Host);
  if (!death.known) return CrashKind::Unseen;
  // After a phase that failed it exits, or the host sees to that.
  if (death.kind && (death.signal == 0 || death.signal == SIGKILL)) return *death.kind;
  if (death.signal == SIGABRT) return says.exception.empty() ? CrashKind::Abort : CrashKind::Exception;
  return death.signal != 0 ? CrashKind::Signal : CrashKind::Exit;
}

}  // namespace

PluginsWord read_crash_note(const Instance& instance) {
  const bus::CrashNote& note = instance.lane->theirs().crash;
  PluginsWord word;
  // Acquire pairs with the release in the plugin's handlers. The process is dead, so the bytes stand still.
  const std::uint32_t signal = note.signal.load(std::memory_order_acquire);
  if (signal > 0 && signal < NSIG) {
    word.signal = static_cast<std::int32_t>(signal);
    if (is_fault(word, note.code)) word.address = note.address;
    word.thread = text_of(note.thread);
    word.backtrace = lines_of(instance, note.frames, note.frame_count, FrameKind::Struck);
  }
  word.terminated = note.terminated.load(std::memory_order_acquire) != 0;
  if (!word.terminated) return word;
  word.exception = type_of(note.type);
  word.what = text_of(note.what);
  word.thrown_at = lines_of(instance, note.thrown, note.thrown_count, FrameKind::Return);
  return word;
}

std::optional<LastMessage> last_message(Instance& instance, InFlightTable& in_flight, RouteDirectory& directory) {
  std::optional<bus::MessageHeader> header;
  LastMessage last;
  instance.with_sender([&](bus::LaneSender& sender) {
    const auto& ring = sender.ring_out(bus::Ring::Data);
    const auto marks = sender.marks(bus::Ring::Data);
    if (marks.begun == 0 || ring.sent() - marks.begun >= ring.slots()) return;
    header = ring.slot(marks.begun - 1).header;  // our own memory
    last.in_hand = marks.begun > marks.done;
  });
  const RouteInfo* const route = header ? directory.at({header->route}) : nullptr;
  if (route == nullptr) return std::nullopt;
  last.route = route->name;
  last.function = route->function;
  last.correlation = header->correlation;
  const auto record = last.function ? in_flight.look_up(header->correlation) : std::nullopt;
  if (record && record->target == &instance && record->asked_ns != 0)
    last.age = std::chrono::nanoseconds{bus::now_ns() - record->asked_ns};
  return last;
}

CrashReport report_of(const Instance& instance, const Death& death) {
  CrashReport report;
  report.at = std::chrono::system_clock::now();
  report.plugin = instance.identity.plugin;
  report.version = to_string(instance.identity.version);
  report.instance = instance.identity.id.value;
  report.says = read_crash_note(instance);
  report.kind = kind_of(death, report.says);
  report.error = death.code_of_death();
  report.state = shunt::name(death.state);
  report.how = death.describe();
  if (death.known && death.signal != 0) report.signal = death.signal;
  else if (death.known) report.exit_code = death.code;
  if (death.memory_bytes != 0) report.memory_bytes = death.memory_bytes;
  return report;
}

std::string account_of(const PluginsWord& word) {
  return word.is_silent() ? std::string{} : "; says the plugin: " + shunt::describe(word);
}

}  // namespace shunt::host
