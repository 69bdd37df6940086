/// Versions that are killed at any moment of a hand-over: what is known is all there, or is lost as a whole and that is
/// said.
#include "cast.hpp"
#include "ledger_client.hpp"

#include <algorithm>
#include <csignal>
#include <random>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <scale.hpp>
#include <sys/syscall.h>
#include <unistd.h>

namespace shunt::test {
namespace {

class StateStorm : public HostTest {
 protected:
  static PluginConfiguration ledger(const std::string& file) {
    PluginConfiguration configuration = plugin(file);
    configuration.restart = {.delay_first = 1ms, .delay_max = 5ms, .healthy_after = 1ms, .crashes_max = 1000};
    return configuration;
  }
  /// Also while nobody serves for a moment.
  static std::pair<std::int64_t, std::uint64_t> sum(Host& host) {
    std::pair<std::int64_t, std::uint64_t> result;
    auto client = host.client<::ledger::Client>().value();
    EXPECT_TRUE(await([&] {
      const auto said = client.sum([](auto& build) { return ledgers::CreateAsk(build); }, {.deadline = 10s});
      if (said) result = {(*said)->amount(), (*said)->entries()};
      return said.has_value();
    }));
    return result;
  }
  enum Which : std::uint8_t { Old, New, Both };

  /// Which may be gone already.
  static void kill(std::int64_t pid) {
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (pidfd < 0) return;
    ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
    ::close(pidfd);
  }
  /// All processes of the plugin that run.
  static std::vector<std::int64_t> pids(Host& host) {
    std::vector<std::int64_t> found;
    for (const PluginSnapshot& each : host.snapshot().plugins)
      if (each.plugin == "ledger" && each.pid > 0) found.push_back(each.pid);
    return found;
  }
};

TEST_F(StateStorm, keeps_a_state_whole_or_loses_it_whole) {
  HostConfiguration configuration = with({ledger("libhost_ledger.so"), ledger("libhost_ledger-2.so")});
  Host host = start(std::move(configuration));
  auto entries = host.publisher<ledgers::Entry>("ledger.entries").value();
  std::mt19937 random{2026};
  std::uint64_t known = 0, handed_over = 0, lost = 0;
  for (std::size_t round = 0; round < scaled(500); ++round) {
    SCOPED_TRACE(round);
    ASSERT_TRUE(entries.publish([](auto& build) { return ledgers::CreateEntry(build, 7); }));
    ++known;
    ASSERT_TRUE(await([&] { return sum(host).second == known; })) << sum(host).second << " of " << known;
    const auto old = pids(host);
    std::jthread killer{[&, pause = std::chrono::microseconds{random() % 100'000}, which = random() % 3] {
      const auto until = std::chrono::steady_clock::now() + pause;
      while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
      for (const std::int64_t pid : pids(host))
        if (which == Both || (std::ranges::find(old, pid) != old.end()) == (which == Old)) kill(pid);
    }};

    const char* const to = host.snapshot().plugins.front().version.starts_with("1.") ? "2.0.0" : "1.0.0";
    const Status switched = host.switch_to("ledger", to);
    killer.join();

    const auto [amount, count] = sum(host);
    EXPECT_EQ(amount, static_cast<std::int64_t>(7 * count));
    EXPECT_TRUE(count == known || count == 0) << count << " of " << known;
    handed_over += switched && count == known ? 1 : 0;
    lost += count == 0 ? 1 : 0;
    known = count;
  }
  EXPECT_GT(handed_over, 0u);
  EXPECT_GT(lost, 0u) << "no kill came before a snapshot";
}

}  // namespace
}  // namespace shunt::test
