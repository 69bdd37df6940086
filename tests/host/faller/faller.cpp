// Ends itself, or does not end, in the way that it is told to.
#include "faller_contract.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <latch>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

namespace {

/// What no compiler may see through.
volatile int zero = 0;
volatile std::uintptr_t nowhere = 16;
volatile int deepest = -1;
volatile std::ptrdiff_t before = -8;

[[noreturn]] void hang() {
  for (;;) ::pause();
}

// NOLINTNEXTLINE(performance-no-int-to-ptr): no object lies there, which is the point.
[[gnu::noinline]] void touch(std::uintptr_t address) { *reinterpret_cast<volatile int*>(address) = 1; }

/// A sanitizer that looks out for this one ends the process in its own way.
[[gnu::noinline, gnu::no_sanitize("undefined")]] void divide() { zero = deepest / zero; }

struct Misstep : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[gnu::noinline]] void throw_misstep() { throw Misstep{"thrown on purpose"}; }
[[gnu::noinline]] void throw_number() { throw 42; }
[[gnu::noinline]] void throw_line() { throw Misstep{"\x1b[2J\n12:00:00 faller is fine" + std::string(1000, '!')}; }

/// Deeper than any stack; the frame is used after the call, so that it has to be there.
[[gnu::noinline]] int overflow(int depth) {
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return depth == deepest ? 0 : overflow(depth + 1) + frame[0];
}

/// Without a stack: the handler runs on its own one, and what walks the stack from there faults again.
[[gnu::noinline]] void lose_the_stack() {
#if defined(__x86_64__)
  asm volatile("mov $16, %rsp; mov $16, %rbp; push %rax");
#elif defined(__aarch64__)
  asm volatile("mov x9, #16; mov sp, x9; mov x29, x9; str x9, [sp]");
#endif
}

/// The size of a piece is written over before the piece is given back.
[[gnu::noinline]] void corrupt_the_heap() {
  auto* const piece = static_cast<unsigned char*>(std::malloc(24));
  volatile unsigned char* const size = piece + before;
  for (int i = 0; i < 8; ++i) size[i] = 0x5a;
  std::free(piece);
}

void replace_handlers(void (*handler)(int)) {
  for (const int signal : {SIGSEGV, SIGABRT}) ::signal(signal, handler);
}

const std::map<std::string, void (*)()> kFalls{
    {"SIGSEGV", [] { touch(nowhere); }},
    {"SIGILL", [] { __builtin_trap(); }},
    {"SIGFPE", divide},
    {"abort", [] { std::abort(); }},
    {"exit", [] { std::exit(3); }},
    {"_exit", [] { ::_exit(4); }},
    {"terminate", [] { std::terminate(); }},
    {"throw", [] { throw_misstep(); }},
    {"throw in a thread", [] { std::thread{throw_misstep}.join(); }},
    {"throw where nothing may", []() noexcept { throw_misstep(); }},
    {"throw what turns the terminal over", []() noexcept { throw_line(); }},
    {"throw a number", []() noexcept { throw_number(); }},
    {"overflow the stack", [] { zero = overflow(0); }},
    {"lose the stack", lose_the_stack},
    {"corrupt the heap", corrupt_the_heap},
    {"exit in a handler of its own",
     [] {
       replace_handlers([](int) { ::_exit(0); });
       touch(nowhere);
     }},
    {"hang in a handler of its own",
     [] {
       replace_handlers([](int) { hang(); });
       touch(nowhere);
     }},
    {"return from a handler of its own",
     [] {
       replace_handlers([](int) {});
       touch(nowhere);
     }},
    {"SIGSEGV after what it may not",
     [] {
       static_cast<void>(::socket(AF_INET, SOCK_STREAM, 0));
       touch(nowhere);
     }},
    {"hang", hang},
    {"hang at exit",
     [] {
       std::atexit([] { hang(); });
       std::exit(3);
     }},
    {"hang in a destructor at exit",
     [] {
       static const struct Lingering {
         Lingering() = default;
         Lingering(const Lingering&) = delete;
         Lingering& operator=(const Lingering&) = delete;
         ~Lingering() { hang(); }
       } kLingering;
       std::exit(3);
     }},
};

class Faller final : public faller::Contract {
 public:
  ~Faller() override {
    if (trouble_ == "hang while it is destroyed") hang();
  }

 private:
  shunt::Status init(const faller::Config& config) override {
    trouble_ = config.trouble;
    return {};
  }
  shunt::Status activate() override {
    if (trouble_ != "hang at the end") return {};
    // The end of the process flushes what was printed, and never gets at it.
    static std::latch locked{1};
    std::thread{[] {
      ::flockfile(stdout);
      locked.count_down();
      hang();
    }}.detach();
    locked.wait();
    return {};
  }

  shunt::Status fall(const shunt::Context&, const stage::Order& order, shunt::Reply<stage::Outcome>& reply) override {
    const auto how = kFalls.find(order.text() == nullptr ? "" : order.text()->c_str());
    if (how != kFalls.end()) how->second();
    return reply.send([&](auto& build) { return stage::CreateOutcome(build, order.number()); });
  }

  std::string trouble_;
};

}  // namespace

SHUNT_PLUGIN(Faller)
