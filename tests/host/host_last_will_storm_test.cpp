/// A publisher is killed at random moments of its life, over and over: each that served has one last will, and no
/// other.
#include "legacy.hpp"
#include "scale.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <thread>
#include <utility>

#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::test {
namespace {

class LastWillStorm : public HostTest {
 protected:
  struct Life {
    bool served = false;
    bool ended = false;
    std::size_t wills = 0;
  };
  using Lives = std::map<std::uint64_t, Life>;  // by instance

  static void note(Host& host, std::uint64_t& seen, Lives& lives) {
    for (const HostEvent& event : host.events(seen)) {
      seen = event.number;
      if (event.instance == 0) continue;
      Life& life = lives[event.instance];
      life.served |= event.kind == HostEventKind::Active;
      life.ended |= event.kind == HostEventKind::Ended;
      life.wills += event.kind == HostEventKind::LastWillSent ? 1u : 0u;
    }
  }
  /// Which may be gone already.
  static void kill(std::int64_t pid) {
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (pidfd < 0) return;
    ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
    ::close(pidfd);
  }
  static std::size_t ended(const Lives& lives) {
    return static_cast<std::size_t>(std::ranges::count_if(lives, [](const auto& each) { return each.second.ended; }));
  }
};

TEST_F(LastWillStorm, every_death_of_one_that_served_has_exactly_one_will) {
  const std::size_t deaths = scaled(400);
  auto plugin = testator();
  plugin.restart.delay_first = plugin.restart.delay_max = 1ms;
  Host host = start(with({plugin}));
  Ear ear{host};
  std::atomic<bool> stop{false};
  std::jthread teller{[&] {
    auto client = host.client<testator::Client>().value();
    for (std::uint64_t next = 1; !stop; next += 5) {
      if (client.act(order({.deed = Deed::Publish, .number = next, .count = 5}), {.deadline = 100ms}))
        static_cast<void>(client.act(order({.deed = Deed::Renew, .number = next + 4}), {.deadline = 100ms}));
    }
  }};
  std::mt19937 random{20'240'607};
  std::uniform_int_distribution<int> moments{0, 20'000};
  Lives lives;
  std::uint64_t seen = 0;
  std::int64_t aimed_at = 0;
  std::int64_t killed = 0;
  bool lets_it_serve = true;

  const auto until = std::chrono::steady_clock::now() + 10 * kPatience;
  while (ended(lives) < deaths && std::chrono::steady_clock::now() < until) {
    const auto moment = std::chrono::steady_clock::now() + std::chrono::microseconds{moments(random)};
    while (std::chrono::steady_clock::now() < moment) static_cast<void>(host.poll());
    const auto plugin_now = snapshot_of(host, "testator");
    if (std::exchange(aimed_at, plugin_now.pid) != plugin_now.pid) lets_it_serve = random() % 4 != 0;
    const bool is_time = !lets_it_serve || plugin_now.state == "Active";
    if (is_time && plugin_now.pid != 0 && std::exchange(killed, plugin_now.pid) != plugin_now.pid) kill(plugin_now.pid);
    note(host, seen, lives);
  }
  stop = true;
  teller.join();
  ASSERT_TRUE(host.stop());  // which ends the last one as it is told to
  note(host, seen, lives);
  while (host.poll().value() > 0) {
  }

  std::size_t wills = 0;
  std::size_t unserved = 0;
  for (const auto& [instance, life] : lives) {
    const bool is_last = instance == lives.rbegin()->first;
    if (!is_last) {
      EXPECT_EQ(life.wills, life.served ? 1u : 0u) << "instance " << instance;
    }
    wills += life.wills;
    unserved += life.served ? 0u : 1u;
  }
  EXPECT_EQ(ear.wills(), wills);
  EXPECT_GE(ended(lives), deaths);
  EXPECT_GE(wills, deaths / 3) << "most of them served";
  std::uint64_t last = 0;
  for (const std::uint64_t number : ear.heard) {
    if (number >= kLastWill) continue;
    EXPECT_GT(number, last) << "the next one's come behind it";
    last = number;
  }
  for (const std::uint64_t number : ear.heard) {
    if (number <= kLastWill || number == kFarewell + kLastWill) continue;
    EXPECT_NE(std::ranges::find(ear.heard, number - kLastWill), ear.heard.end()) << "what it had published is there";
  }
  RecordProperty("deaths", static_cast<int>(ended(lives)));
  RecordProperty("unserved", static_cast<int>(unserved));
}

}  // namespace
}  // namespace shunt::test
