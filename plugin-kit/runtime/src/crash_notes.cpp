#include <shunt/plugin-kit/runtime/crash_notes.hpp>
#include <shunt/plugin-kit/runtime/throw_notes.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <typeinfo>

#include <cxxabi.h>
#include <execinfo.h>
#include <sys/prctl.h>
#include <ucontext.h>

namespace shunt::kit {
namespace {

constexpr std::array kSignals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
constexpr std::size_t kStackBytes = 64 * 1024;

// Handlers are given no context of ours, so this cannot be passed down from main.
constinit std::atomic<bus::CrashNote*> crash_note{nullptr};
constinit std::atomic<bool> crashing{false};
constinit std::atomic<bool> terminating{false};
constinit std::terminate_handler terminate_before{nullptr};
constinit ObjectRange crash_object;

/// Cut, with a zero at its end.
template <std::size_t kBytes>
void write_text(std::array<char, kBytes>& place, const char* text) noexcept {
  std::strncpy(place.data(), text, kBytes - 1);
}

std::uintptr_t program_counter(const void* context) noexcept {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(machine.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return machine.pc;
#endif
}

/// The whole backtrace from where the signal struck; the handler's own frames in front of it are left out.
void write_frames(bus::CrashNote& note, std::uintptr_t struck) noexcept {
  std::array<void*, bus::CrashNote::kFramesMax> addresses;
  const int found = ::backtrace(addresses.data(), static_cast<int>(addresses.size()));
  const auto end = addresses.begin() + std::max(found, 0);
  auto from = std::find_if(addresses.begin(), end,
                           [=](const void* address) { return reinterpret_cast<std::uintptr_t>(address) == struck; });
  if (from != end) ++from;                                                               // it is frame 0 already
  else from = addresses.begin() + std::min<std::ptrdiff_t>(end - addresses.begin(), 2);  // a jump to nowhere
  std::uint32_t count = 1;
  for (; from != end && count < note.frames.size(); ++from)
    note.frames[count++] = crash_object.frame(reinterpret_cast<std::uintptr_t>(*from));
  // Pairs with nothing but order: should the unwinder crash, the note says one frame and is valid as it is.
  std::atomic_ref{note.frame_count}.store(count, std::memory_order_release);
}

void on_signal(int signal, siginfo_t* info, void* context) noexcept {
  bus::CrashNote* const note = crash_note.load(std::memory_order_acquire);  // pairs with install_crash_notes()
  // Relaxed: of threads that crash at once any one may win; the others just die.
  if (note != nullptr && !crashing.exchange(true, std::memory_order_relaxed)) {
    const std::uintptr_t struck = program_counter(context);
    note->address = reinterpret_cast<std::uintptr_t>(info->si_addr);
    note->code = info->si_code;
    ::prctl(PR_GET_NAME, note->thread.data());
    note->frames[0] = crash_object.frame(struck);
    note->frame_count = 1;
    // Pairs with the host's acquire: who sees the signal sees address and frames.
    note->signal.store(static_cast<std::uint32_t>(signal), std::memory_order_release);
    write_frames(*note, struck);
  }
  // SA_RESETHAND has put the default back; it strikes when this handler returns and the signal is unblocked.
  ::raise(signal);
}

/// What is thrown and where it was: by the time abort() sends its signal, that is all that is left of the throw. What
/// is asked of the exception itself comes last, because it may crash.
void write_exception(bus::CrashNote& note) noexcept {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  if (type != nullptr) {
    write_text(note.type, type->name());
    const Frames frames = frames_of_current_exception(crash_object);
    note.thrown_count = static_cast<std::uint32_t>(std::min(frames.count, note.thrown.size()));
    std::copy_n(frames.values.begin(), note.thrown_count, note.thrown.begin());
  }
  // Pairs with the host's acquire: who sees it sees type and frames.
  note.terminated.store(1, std::memory_order_release);
  if (type == nullptr) return;
  try {
    throw;
  } catch (const std::exception& exception) {
    write_text(note.what, exception.what());
  } catch (...) {  // its type has to say it
  }
}

[[noreturn]] void on_terminate() {
  bus::CrashNote* const note = crash_note.load(std::memory_order_acquire);  // pairs with install_crash_notes()
  // Relaxed: of threads that end in it at once any one may win.
  if (note != nullptr && !terminating.exchange(true, std::memory_order_relaxed)) write_exception(*note);
  terminate_before();  // tells the terminal, and aborts
  std::abort();
}

}  // namespace

void install_crash_notes(bus::CrashNote& note) noexcept {
  std::array<void*, 4> warm;
  ::backtrace(warm.data(), static_cast<int>(warm.size()));  // loads the unwinder now: a handler may not
  crash_note.store(&note, std::memory_order_release);       // pairs with the acquire in on_signal()
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
  sigfillset(&action.sa_mask);
  for (const int signal : kSignals) ::sigaction(signal, &action, nullptr);
  terminate_before = std::set_terminate(on_terminate);
}

void set_crash_object(const ObjectRange& object) noexcept { crash_object = object; }

struct AlternateStack::Previous {
  stack_t stack{};
};

AlternateStack::AlternateStack()
    : memory_(std::make_unique_for_overwrite<std::byte[]>(kStackBytes)), previous_(std::make_unique<Previous>()) {
  stack_t stack{};
  stack.ss_sp = memory_.get();
  stack.ss_size = kStackBytes;
  ::sigaltstack(&stack, &previous_->stack);
}

AlternateStack::~AlternateStack() { ::sigaltstack(&previous_->stack, nullptr); }

}  // namespace shunt::kit
