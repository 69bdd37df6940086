/// How plugins end that were not told to, and what is reported of it: by kind, from who knows it, in events and
/// reports.
#include "cast.hpp"

#include <algorithm>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

class Crashes : public HostTest {
 protected:
  static PluginConfiguration faller(const std::string& trouble = {}) {
    auto faller = plugin("libhost_faller.so");
    faller.config["trouble"] = {trouble};
    faller.restart = {.delay_first = 1ms, .delay_max = 1ms, .crashes_max = 100};
    return faller;
  }
  static Status fall(Host& host, std::string_view how, std::chrono::nanoseconds deadline = 30s) {
    const auto function = host.function<stage::Order, stage::Outcome>("faller/fall").value();
    const auto reply = function(order({.text = how}), {.deadline = deadline, .wait = bus::Wait::Sleep});
    return reply ? Status{} : tl::make_unexpected(reply.error());
  }
  /// Of the event that says that `plugin` ended; throws when it ended as it was told to.
  static CrashReport report_of(Host& host, std::string_view plugin, std::uint64_t seen = 0) {
    return *await_event(host, HostEventKind::Ended, plugin, seen).crash;
  }
  static std::uint32_t count(Host& host, std::string_view plugin, CrashKind kind) {
    return snapshot_of(host, plugin).crash_kinds[static_cast<std::size_t>(kind)];
  }
  static void expect_serving(Host& host) {
    EXPECT_TRUE(host.client<partner::Client>().value().act(order({}), {.deadline = 30s})) << "the others serve on";
    EXPECT_TRUE(fall(host, "not at all")) << "the next instance serves";
  }
};

// ---- By itself, inside a handler

struct Fall {
  const char* how;
  CrashKind kind;
  std::optional<int> signal;
  std::optional<int> exit_code;
  std::int32_t noted = 0;           ///< The signal that it says it was given.
  const char* frame = "";           ///< Of the backtrace, or of the throw.
  const char* exception = nullptr;  ///< Its type; null: it did not say that it was terminated.
  bool breaks_sanitizers = false;
};

void PrintTo(const Fall& fall, std::ostream* out) { *out << fall.how; }

class EveryFall : public Crashes, public testing::WithParamInterface<Fall> {};
INSTANTIATE_TEST_SUITE_P(
    , EveryFall,
    testing::Values(
        Fall{"SIGSEGV", CrashKind::Signal, SIGSEGV, {}, SIGSEGV, "touch"},
        Fall{"SIGILL", CrashKind::Signal, SIGILL, {}, SIGILL}, Fall{"SIGFPE", CrashKind::Signal, SIGFPE, {}, SIGFPE},
        Fall{"overflow the stack", CrashKind::Signal, SIGSEGV, {}, SIGSEGV, "overflow", nullptr, true},
        Fall{"lose the stack", CrashKind::Signal, SIGSEGV, {}, SIGSEGV, "lose_the_stack", nullptr, true},
        Fall{"abort", CrashKind::Abort, SIGABRT, {}, SIGABRT},
        Fall{"corrupt the heap", CrashKind::Abort, SIGABRT, {}, SIGABRT, "Faller::fall(", nullptr, true},
        Fall{"terminate", CrashKind::Abort, SIGABRT, {}, SIGABRT, "", ""},
        Fall{"throw where nothing may", CrashKind::Exception, SIGABRT, {}, SIGABRT, "throw_misstep", "Misstep"},
        Fall{"throw in a thread", CrashKind::Exception, SIGABRT, {}, SIGABRT, "throw_misstep", "Misstep"},
        Fall{"throw a number", CrashKind::Exception, SIGABRT, {}, SIGABRT, "throw_number", "int"},
        Fall{"exit", CrashKind::Exit, {}, 3}, Fall{"_exit", CrashKind::Exit, {}, 4},
        Fall{"exit in a handler of its own", CrashKind::Exit, {}, 0}),
    [](const auto& of) {
      std::string name = of.param.how;
      std::ranges::replace(name, ' ', '_');
      return name;
    });

TEST_P(EveryFall, is_reported_by_kind_with_what_the_kernel_says_and_apart_what_the_plugin_says) {
  if (kSanitized && GetParam().breaks_sanitizers) GTEST_SKIP() << "the sanitizer comes before the crash";
  Host host = start({faller(), partner()});

  const Status fell = fall(host, GetParam().how);

  ASSERT_FALSE(fell);
  EXPECT_EQ(fell.error().code, ErrorCode::OutcomeUnknown);
  const CrashReport report = report_of(host, "faller");
  EXPECT_EQ(report.kind, GetParam().kind) << name(report.kind);
  EXPECT_EQ(report.signal, GetParam().signal);
  EXPECT_EQ(report.exit_code, GetParam().exit_code);
  EXPECT_EQ(report.state, "Active");
  EXPECT_EQ(report.says.signal, GetParam().noted);
  EXPECT_EQ(report.says.terminated, GetParam().exception != nullptr);
  if (GetParam().exception != nullptr) {
    EXPECT_THAT(report.says.exception, HasSubstr(GetParam().exception));
  }
  if (GetParam().noted != 0) {
    const auto& frames = report.says.thrown_at.empty() ? report.says.backtrace : report.says.thrown_at;
    EXPECT_THAT(frames, Contains(HasSubstr(GetParam().frame)));
  }
  ASSERT_TRUE(report.last);
  EXPECT_EQ(report.last->route, "faller/fall");
  EXPECT_TRUE(report.last->in_hand);
  EXPECT_TRUE(report.last->age);
  EXPECT_EQ(count(host, "faller", GetParam().kind), 1u);
  expect_serving(host);
}

TEST_F(Crashes, of_a_fault_are_reported_with_its_address_thread_and_functions_with_offsets) {
  Host host = start({faller(), partner()});

  const Status fell = fall(host, "SIGSEGV");

  const HostEvent ended = await_event(host, HostEventKind::Ended, "faller");
  ASSERT_NE(ended.crash, nullptr);
  const PluginsWord& says = ended.crash->says;
  EXPECT_EQ(says.address, 16u);
  EXPECT_EQ(says.thread, "shunt-serve");
  EXPECT_THAT(says.backtrace, Contains(HasSubstr("touch(unsigned long) +0x")));
  EXPECT_THAT(says.backtrace, Contains(HasSubstr("Faller::fall(")));
  EXPECT_EQ(ended.crash->how, "was ended by signal 11 (Segmentation fault)");
  EXPECT_THAT(ended.text,
              StartsWith("was ended by signal 11 (Segmentation fault); says the plugin: signal 11 at address "
                         "0x10 in thread shunt-serve\n  at "));
  EXPECT_THAT(fell.error().message, AllOf(HasSubstr("inside the handler"), HasSubstr("says the plugin: signal 11")));
  ASSERT_TRUE(ended.crash->memory_bytes);
  EXPECT_GT(*ended.crash->memory_bytes, 4096u);
}

TEST_F(Crashes, name_the_system_call_that_was_denied_last) {
  Host host = start({faller(), partner()});

  ASSERT_FALSE(fall(host, "SIGSEGV after what it may not"));

  const CrashReport report = report_of(host, "faller");
  ASSERT_TRUE(report.denied);
  EXPECT_EQ(report.denied->call, "socket");
  EXPECT_EQ(report.denied->phase, "Activate");
}

TEST_F(Crashes, leave_nothing_of_the_plugins_words_that_could_pass_for_ours) {
  Host host = start({faller(), partner()});

  ASSERT_FALSE(fall(host, "throw what turns the terminal over"));

  const HostEvent ended = await_event(host, HostEventKind::Ended, "faller");
  EXPECT_THAT(ended.crash->says.what, StartsWith("\\x1b[2J\\x0a12:00:00 faller is fine!!!"));
  EXPECT_THAT(ended.crash->says.what, SizeIs(testing::Lt(250)));
  EXPECT_THAT(ended.text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(ended.text, Not(HasSubstr("\n12:00:00")));
}

TEST_F(Crashes, are_kept_after_the_next_instance_serves_the_last_of_each_plugin) {
  Host host = start({faller(), partner()});
  ASSERT_FALSE(fall(host, "exit"));
  ASSERT_FALSE(fall(host, "abort"));

  expect_serving(host);

  const auto kept = host.crashes();
  ASSERT_THAT(kept, SizeIs(1));
  EXPECT_EQ(kept[0].plugin, "faller");
  EXPECT_EQ(kept[0].kind, CrashKind::Abort);
  EXPECT_NE(kept[0].instance, snapshot_of(host, "faller").instance);
  EXPECT_EQ(count(host, "faller", CrashKind::Exit), 1u);
  EXPECT_EQ(count(host, "faller", CrashKind::Abort), 1u);
  EXPECT_EQ(snapshot_of(host, "faller").crashes, 2u);
}

TEST_F(Crashes, from_outside_are_signals_of_which_the_plugin_says_nothing) {
  Host host = start({faller(), partner()});

  send_signal(pid_of(host, "faller"), SIGKILL);

  const CrashReport report = report_of(host, "faller");
  EXPECT_EQ(report.kind, CrashKind::Signal);
  EXPECT_EQ(report.signal, SIGKILL);
  EXPECT_TRUE(report.says.is_silent());
  EXPECT_FALSE(report.last) << "no handler was entered";
  expect_serving(host);
}

TEST_F(Crashes, with_the_warden_are_seen_by_nobody) {
  Host host = start({faller()});
  for (const int child : Belongings::now().children) send_signal(child, SIGKILL);

  const CrashReport report = report_of(host, "faller");

  EXPECT_EQ(report.kind, CrashKind::Unseen);
  EXPECT_FALSE(report.signal);
  EXPECT_FALSE(report.exit_code);
}

TEST_F(Crashes, are_none_where_a_plugin_ends_as_it_was_told_to) {
  Host host = start({faller(), partner()});

  ASSERT_TRUE(host.stop("faller"));

  EXPECT_EQ(await_event(host, HostEventKind::Ended, "faller").crash, nullptr);
  EXPECT_THAT(host.crashes(), IsEmpty());
  EXPECT_EQ(snapshot_of(host, "faller").crash_kinds, CrashCounts{});
}

// ---- In a handler that is guarded, and in phases

TEST_F(Crashes, are_none_where_a_handler_throws_and_its_caller_and_the_events_get_the_throw) {
  Host host = start({faller(), partner()});

  const Status threw = fall(host, "throw");

  EXPECT_EQ(threw.error().code, ErrorCode::PluginFailed);
  const HostEvent event = await_event(host, HostEventKind::HandlerThrew, "faller");
  for (const std::string& text : {threw.error().message, event.text})
    EXPECT_THAT(text, AllOf(HasSubstr("\"faller/fall\""), HasSubstr("thrown on purpose"), HasSubstr("throw_misstep")));
  EXPECT_EQ(snapshot_of(host, "faller").exceptions, 1u);
  EXPECT_THAT(host.crashes(), IsEmpty());
}

TEST_F(Crashes, events_of_handlers_that_throw_become_fewer_and_all_are_counted) {
  Host host = start({faller(), partner()});

  for (int i = 0; i < 10; ++i) ASSERT_FALSE(fall(host, "throw"));

  std::uint64_t seen = 0;
  for (int i = 0; i < 4; ++i) seen = await_event(host, HostEventKind::HandlerThrew, "faller", seen).number;
  EXPECT_EQ(snapshot_of(host, "faller").exceptions, 10u);
  EXPECT_TRUE(host.events(seen).empty()) << "the 1st, 2nd, 4th and 8th";
}

TEST_F(Crashes, of_a_phase_say_whether_it_returned_an_error_or_threw) {
  struct {
    const char* trouble;
    CrashKind kind;
    const char* text;
  } constexpr kTroubles[] = {{"init fail", CrashKind::Phase, "init was told to fail"},
                             {"activate throw", CrashKind::Exception, "thrown on purpose"}};
  for (const auto& trouble : kTroubles) {
    Host host = start({actor(), actor_2(trouble.trouble)});

    ASSERT_FALSE(host.switch_to("actor", "2.0.0"));

    const CrashReport report = report_of(host, "actor");
    EXPECT_EQ(report.kind, trouble.kind) << trouble.trouble;
    EXPECT_THAT(report.phase_error, HasSubstr(trouble.text));
    EXPECT_THAT(report.version, StartsWith("2.0.0"));
    EXPECT_TRUE(host.client<actor::Client>().value().act(order({}), {.deadline = 30s})) << "the old version serves on";
  }
}

TEST_F(Crashes, while_it_is_loaded_or_made_fail_the_start_with_what_it_was) {
  for (const std::string file : {"libhost_stumbler_throws.so", "libhost_stumbler_made.so"}) {
    const auto host = Host::start(with({plugin(file)}));

    ASSERT_FALSE(host) << file;
    EXPECT_THAT(host.error().message, AllOf(HasSubstr("stumbler 1.0.0"), HasSubstr("thrown on purpose")));
  }
}

// ---- By the host

class Hangs : public Crashes {
 protected:
  static PluginConfiguration impatient(const std::string& trouble = {}) {
    auto impatient = faller(trouble);
    impatient.grace = 50ms;
    impatient.deadlines.cleanup = 200ms;
    return impatient;
  }
};

class EveryHang : public Hangs, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(, EveryHang,
                         testing::Values("hang", "hang at exit", "hang in a destructor at exit",
                                         "hang in a handler of its own", "return from a handler of its own"));

TEST_P(EveryHang, costs_its_caller_the_deadline_and_the_instance_its_life_after_the_grace) {
  Host host = start({impatient(), partner()});

  const Status fell = fall(host, GetParam(), 20ms);

  EXPECT_EQ(fell.error().code, ErrorCode::DeadlineExceeded);
  const CrashReport report = report_of(host, "faller");
  EXPECT_EQ(report.kind, CrashKind::Hang);
  EXPECT_EQ(report.error, ErrorCode::PluginStuck);
  EXPECT_EQ(report.state, "Active");
  EXPECT_THAT(report.how, HasSubstr("its handler is stuck past the deadline of a call of \"faller/fall\""));
  ASSERT_TRUE(report.last);
  EXPECT_TRUE(report.last->in_hand);
  EXPECT_GE(report.last->age, 70ms) << "not before deadline and grace";
  expect_serving(host);
}

TEST_P(EveryHang, fails_the_call_at_its_deadline_however_long_the_instance_lives_on) {
  auto patient = impatient();
  patient.grace = patient.handler_max = 1h;
  patient.deadlines.drain = 200ms;
  Host host = start({patient, partner()});
  const auto pid = pid_of(host, "faller");

  const Status fell = fall(host, GetParam(), 20ms);

  EXPECT_EQ(fell.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_EQ(snapshot_of(host, "faller").state, "Active");
  EXPECT_EQ(pid_of(host, "faller"), pid);
  EXPECT_EQ(::kill(static_cast<pid_t>(pid), 0), 0) << "that process lives";
  EXPECT_THAT(host.crashes(), IsEmpty());
}

TEST_F(Hangs, after_cleanup_was_asked_for_end_with_its_deadline) {
  Host host = start({impatient("hang while it is destroyed"), partner()});

  EXPECT_TRUE(host.stop("faller"));

  const CrashReport report = report_of(host, "faller");
  EXPECT_EQ(report.kind, CrashKind::Hang);
  EXPECT_EQ(report.error, ErrorCode::DeadlineExceeded);
  EXPECT_EQ(report.state, "Cleaning");
}

TEST_F(Hangs, after_everything_was_cleaned_up_end_too) {
  Host host = start({impatient("hang at the end"), partner()});

  EXPECT_TRUE(host.stop("faller"));

  const CrashReport report = report_of(host, "faller");
  EXPECT_EQ(report.kind, CrashKind::Hang);
  EXPECT_EQ(report.error, ErrorCode::DeadlineExceeded);
  EXPECT_EQ(report.state, "Ending");
}

TEST_F(Crashes, of_one_that_breaks_its_lane_are_breaches) {
  auto hostile = actor();
  hostile.config["breach"] = {std::string{"a commit word of no lap"}};
  auto configuration = with({hostile, partner()});
  configuration.launcher = HOSTILE_LAUNCHER;
  Host host = start(std::move(configuration));

  EXPECT_TRUE(poll_until(host, [&] { return !host.crashes().empty(); }));

  const CrashReport report = report_of(host, "actor");
  EXPECT_EQ(report.kind, CrashKind::Breach);
  EXPECT_EQ(report.error, ErrorCode::PeerBreach);
}

/// A plugin that knows what the host will read, and writes there what it likes.
TEST_F(Crashes, of_one_that_forges_its_own_account_are_told_by_who_saw_them) {
  auto hostile = actor();
  hostile.config["breach"] = {std::string{"a forged account"}};
  auto configuration = with({hostile, partner()});
  configuration.launcher = HOSTILE_LAUNCHER;
  Host host = start(std::move(configuration));

  const HostEvent ended = await_event(host, HostEventKind::Ended, "actor");

  ASSERT_NE(ended.crash, nullptr);
  EXPECT_EQ(ended.crash->kind, CrashKind::Exit);
  EXPECT_EQ(ended.crash->exit_code, 7);
  EXPECT_FALSE(ended.crash->signal);
  EXPECT_THAT(ended.text, StartsWith("exited by itself with code 7; says the plugin: "));
  EXPECT_THAT(ended.crash->says.backtrace, SizeIs(64)) << "it says four billion";
  EXPECT_THAT(ended.crash->says.thrown_at, SizeIs(24));
  EXPECT_THAT(ended.crash->says.what, SizeIs(testing::Le(4 * 192)));
  for (const std::string& text : {ended.crash->says.thread, ended.crash->says.exception, ended.crash->says.what})
    EXPECT_TRUE(std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f; })) << text;
}

}  // namespace
}  // namespace shunt::test
