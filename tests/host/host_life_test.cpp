/// Ends and starts that do not go as they should: a host outlives each of them, says what happened, and ends itself.
#include "cast.hpp"

#include <shunt/plugin-kit/runtime/control_channel.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <temporary_directory.hpp>
#include <unistd.h>

extern char** environ;

namespace shunt::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::ptrdiff_t count_events(Host& host, HostEventKind kind) {
  return std::ranges::count(host.events(), kind, &HostEvent::kind);
}

/// Whether the plugin got there.
bool await_state(Host& host, std::string_view plugin, std::string_view state) {
  return await([&] { return snapshot_of(host, plugin).state == state; });
}

HostConfiguration hostile(const char* breach) {
  auto liar = actor();
  liar.config["breach"] = {std::string{breach}};
  auto configuration = with({liar});
  configuration.launcher = HOSTILE_LAUNCHER;
  return configuration;
}

// ---- Plugins

class Plugins : public HostTest {};

TEST_F(Plugins, that_say_they_are_active_again_while_they_are_stopped_do_not_hold_the_stop) {
  Host host = start(hostile("a phase that is over, once a message came"));
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  std::optional<Frozen> frozen;
  frozen.emplace(host, "actor");
  ASSERT_TRUE(orders.publish(order({})));
  std::jthread stop{[&] { EXPECT_TRUE(host.stop("actor")); }};
  ASSERT_TRUE(await_state(host, "actor", "Draining"));

  frozen.reset();
  stop.join();

  EXPECT_EQ(count_events(host, HostEventKind::Active), 1);
  EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text, HasSubstr("PeerBreach"));
  EXPECT_EQ(snapshot_of(host, "actor").state, "Stopped");
}

TEST_F(Plugins, that_are_stopped_in_the_middle_of_a_phase_are_cleaned_up_after_it) {
  Host host = start(hostile("late, the second time"));
  ASSERT_TRUE(host.stop("actor"));
  std::jthread restart{[&] {
    const auto restarted = host.restart("actor");
    ASSERT_FALSE(restarted);
    EXPECT_THAT(restarted.error().message, HasSubstr("ended as it was told to"));
  }};
  ASSERT_TRUE(await_state(host, "actor", "Attached"));

  EXPECT_TRUE(host.stop("actor"));
}

TEST_F(Plugins, that_crash_are_seen_to_although_the_host_ignores_the_end_of_children) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  {
    Host host = start({actor()});
    auto client = host.client<actor::Client>().value();

    EXPECT_EQ(client.act(order({.deed = Deed::Crash}), {.deadline = 30s}).error().code, ErrorCode::OutcomeUnknown);

    EXPECT_THAT(await_event(host, HostEventKind::Ended, "actor").text, HasSubstr("signal 11"));
  }
  ::signal(SIGCHLD, before);
}

TEST_F(Plugins, that_are_stopped_twice_have_ended_when_either_stop_returns) {
  Host host = start({actor()});
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  std::optional<Frozen> frozen;
  frozen.emplace(host, "actor");
  ASSERT_TRUE(orders.publish(order({})));
  std::jthread first{[&] { EXPECT_TRUE(host.stop("actor")); }};
  ASSERT_TRUE(await_state(host, "actor", "Draining"));
  std::jthread thaw{[&] {
    EXPECT_TRUE(await([&] { return count_events(host, HostEventKind::Stopped) == 2; })) << "the second one waits";
    frozen.reset();
  }};

  EXPECT_TRUE(host.stop("actor"));

  EXPECT_EQ(snapshot_of(host, "actor").state, "Stopped");
}

TEST_F(Plugins, whose_restart_fails_at_once_can_be_restarted_when_the_cause_is_gone) {
  const TemporaryDirectory directory;
  const auto launcher = directory.path() / "launcher";
  std::filesystem::create_symlink(LAUNCHER, launcher);
  auto configuration = with({actor()});
  configuration.launcher = launcher;
  Host host = start(std::move(configuration));
  ASSERT_TRUE(host.stop("actor"));
  std::filesystem::remove(launcher);

  for (int i = 0; i < 2; ++i) {
    const auto restarted = host.restart("actor");
    ASSERT_FALSE(restarted);
    EXPECT_EQ(restarted.error().code, ErrorCode::BadConfiguration);
    EXPECT_THAT(restarted.error().message, HasSubstr(launcher.string()));
  }
  EXPECT_THAT(host.client<actor::Client>().value().act(order({})).error().message, HasSubstr("could not be started"));
  std::filesystem::create_symlink(LAUNCHER, launcher);

  EXPECT_TRUE(host.restart("actor"));
  EXPECT_TRUE(host.client<actor::Client>().value().act(order({}), {.deadline = 30s}));
}

// ---- Launchers

/// `shunt-launch --host SOCKET PLUGIN`, as a person starts it.
class ByHand {
 public:
  ByHand(const std::filesystem::path& socket, std::string plugin) {
    std::string program = LAUNCHER;
    std::string option = "--host";
    std::string host = socket;
    std::array<char*, 5> arguments{program.data(), option.data(), host.data(), plugin.data(), nullptr};
    if (::posix_spawn(&pid_, program.c_str(), nullptr, nullptr, arguments.data(), environ) != 0)
      throw std::runtime_error("shunt-launch cannot be started");
  }
  ~ByHand() {
    ::kill(pid_, SIGKILL);  // ours, and not waited for
    ::waitpid(pid_, nullptr, 0);
  }
  ByHand(const ByHand&) = delete;
  ByHand& operator=(const ByHand&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

class Launchers : public HostTest {
 protected:
  [[nodiscard]] Host start_with_socket(std::vector<PluginConfiguration> plugins) const {
    auto configuration = with(std::move(plugins));
    configuration.admin_socket = socket();
    return start(std::move(configuration));
  }
  [[nodiscard]] std::filesystem::path socket() const { return directory_.path() / "host.sock"; }

  /// Asks to join as a launcher does.
  [[nodiscard]] kit::ControlChannel ask_to_join(const std::string& plugin) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, socket().c_str());
    bus::UniqueFd connection{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
    EXPECT_EQ(::connect(connection.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    kit::ControlChannel host{std::move(connection)};
    const bus::UniqueFd file{::open(plugin.c_str(), O_RDONLY | O_CLOEXEC)};
    control::JoinT join;
    join.pid = ::getpid();
    EXPECT_TRUE(host.send(join, std::array{file.get()}));
    return host;
  }

 private:
  TemporaryDirectory directory_;
};

TEST_F(Launchers, started_by_hand_that_get_the_lane_and_start_nothing_do_not_hold_the_end_of_the_host) {
  std::optional<Host> host = start_with_socket({actor()});
  const auto launcher = ask_to_join(partner().path);
  auto attach = launcher.receive();
  ASSERT_TRUE(attach);
  EXPECT_NE(attach->message().body_as_Attach(), nullptr);

  host.reset();

  EXPECT_EQ(launcher.receive().error().code, ErrorCode::HostGone);
}

TEST_F(Launchers, started_by_hand_that_leave_before_they_start_anything_are_forgotten) {
  Host host = start_with_socket({actor()});
  {
    const auto launcher = ask_to_join(partner().path);
    ASSERT_TRUE(launcher.receive());
  }

  await_event(host, HostEventKind::Ended, "partner");

  EXPECT_TRUE(await([&] { return snapshot_of(host, "partner").plugin.empty(); }));
}

TEST_F(Launchers, started_by_hand_that_stand_still_do_not_hold_the_end_of_the_host) {
  std::optional<Host> host = start_with_socket({actor()});
  const ByHand launcher{socket(), partner().path};
  await_event(*host, HostEventKind::Joined, "partner");
  ASSERT_GT(pid_of(*host, "partner"), 0);
  ::kill(launcher.pid(), SIGSTOP);

  host.reset();
}

TEST_F(Launchers, started_by_hand_give_a_configured_plugin_its_place_back) {
  auto configured = partner(2);
  configured.slots = 64;
  Host host = start_with_socket({actor(), configured});
  ASSERT_TRUE(host.stop("partner"));
  for (int i = 0; i < 2; ++i) {
    {
      const std::uint64_t seen = host.events().back().number;
      const ByHand launcher{socket(), partner().path};
      await_event(host, HostEventKind::Joined, "partner", seen);
      EXPECT_TRUE(host.client<partner::Client>().value().act(order({}), {.deadline = 30s}));
      EXPECT_EQ(host.restart("partner").error().code, ErrorCode::BadInput) << "it runs: the one by hand";
    }
    EXPECT_TRUE(await_state(host, "partner", "Stopped"));
    EXPECT_EQ(host.client<partner::Client>().value().act(order({})).error().code, ErrorCode::NotServing);
  }

  EXPECT_TRUE(host.restart("partner"));
  EXPECT_TRUE(host.client<partner::Client>().value().act(order({}), {.deadline = 30s}));
}

TEST_F(Launchers, that_cannot_fork_say_so) {
  constexpr std::pair<const char*, const char*> kForks[] = {{"0", "forking the plugin's init"},
                                                            {"1", "forking the plugin process"}};
  for (const auto& [forks, what] : kForks) {
    ::setenv("SHUNT_TEST_FORKS", forks, 1);
    auto configuration = with({actor()});
    configuration.launcher = FORKLESS_LAUNCHER;

    const auto host = Host::start(std::move(configuration));

    ASSERT_FALSE(host);
    EXPECT_EQ(host.error().code, ErrorCode::System);
    EXPECT_THAT(host.error().message, AllOf(HasSubstr(what), HasSubstr(std::strerror(EAGAIN))));
  }
  ::unsetenv("SHUNT_TEST_FORKS");
}

// ---- Descriptors

/// Lets this process open as many descriptors more as it is told; launchers, which start with none of ours, open
/// theirs.
class FewDescriptors {
 public:
  FewDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    for (int i = 0; i < 64; ++i) taken_.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

  void allow(int more) {
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(taken_.back().get()) + static_cast<rlim_t>(1 + more);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  void allow_none() {
    allow(0);
    while (bus::UniqueFd hole{::open("/dev/null", O_RDONLY | O_CLOEXEC)}) holes_.push_back(std::move(hole));
  }

 private:
  rlimit before_{};
  std::vector<bus::UniqueFd> taken_;
  std::vector<bus::UniqueFd> holes_;
};

class Descriptors : public Launchers {
 protected:
  void SetUp() override {
    Launchers::SetUp();
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP()
        << "the sanitizer itself opens descriptors to look at memory, and takes what it cannot look at for broken";
#endif
  }
};

TEST_F(Descriptors, that_a_launcher_sends_and_the_host_has_no_room_for_are_not_the_launchers_fault) {
  Host host = start_with_socket({actor()});
  auto launcher = ask_to_join(partner().path);
  std::optional<Result<kit::ControlPacket>> attach = launcher.receive();
  ASSERT_TRUE(*attach);
  const bus::UniqueFd pidfd{::open("/dev/null", O_RDONLY | O_CLOEXEC)};
  EXPECT_FALSE(host.stop("nobody"));  // the control loop is through with the joining, and has closed what it sent
  {
    FewDescriptors few;
    few.allow_none();
    EXPECT_TRUE(launcher.send(control::SpawnedT{}, std::array{pidfd.get()}));
    auto heard = launcher.receive();
    while (heard) heard = launcher.receive();  // why it is given up
    EXPECT_EQ(heard.error().code, ErrorCode::HostGone);
  }

  attach.reset();

  EXPECT_THAT(await_event(host, HostEventKind::Ended, "partner").text,
              AllOf(HasSubstr("ended by the host: System"), HasSubstr("ulimit -n")));
}

TEST_F(Descriptors, that_run_out_at_any_point_of_the_start_are_what_the_host_says_is_missing) {
  FewDescriptors few;
  int failures = 0;
  for (int more = 0;; ++more) {
    ASSERT_LT(more, 64) << "it never starts";
    few.allow(more);
    const auto host = Host::start(with({actor()}));
    if (host) break;
    ++failures;
    EXPECT_EQ(host.error().code, ErrorCode::System) << more << " descriptors: " << to_string(host.error());
  }
  EXPECT_GT(failures, 5);
}

}  // namespace
}  // namespace shunt::test
