/// What a message costs the host's thread: no heap, and while spinning no system call. What the control thread does
/// meanwhile, once a plugin is slow to answer, is none of it.
#include "cast.hpp"
#include "proc_files.hpp"
#include "route_table.hpp"
#include "system_call_watch.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <sys/syscall.h>
#include <unistd.h>

extern "C" std::uint64_t shunt_test_allocations_here();

namespace shunt::test {
namespace {

/// An actor and a host that spin for each other.
HostConfiguration spinning() {
  auto plugin = trusted(actor());
  plugin.wait = bus::Wait::Spin;
  auto configuration = with({plugin});
  for (auto& route : configuration.routes) route.wait = bus::Wait::Spin;
  return configuration;
}

class Cost : public HostTest {
 protected:
  /// Runs `measured` for every way a message goes through a host: small and large, there and back.
  static void with_traffic(const std::function<void(const std::function<void()>& traffic)>& measured) {
    Host host = start(spinning());
    auto client = host.client<actor::Client>().value();
    auto orders = host.publisher<stage::Order>("stage.orders").value();
    std::size_t heard = 0;
    std::size_t failed = 0;
    const auto subscription = host.subscribe<stage::News>("actor.news", [&](Received<stage::News>&) { ++heard; });
    const std::string large(2000, 'l');
    const auto traffic = [&] {
      for (int i = 0; i < 250; ++i) {
        if (!client.act(order({.number = 1, .text = "small"}), {.deadline = 60s})) ++failed;
        if (!client.act(order({.text = large, .bytes = 20'000}), {.deadline = 60s})) ++failed;
        const auto before = heard;
        if (!orders.publish(order({.deed = Deed::Publish}))) ++failed;
        if (!orders.publish(order({.deed = Deed::Publish, .text = large, .bytes = 3000}))) ++failed;
        while (heard < before + 2) static_cast<void>(host.poll());
      }
    };
    traffic();  // sizes are learned, threads registered

    measured(traffic);

    EXPECT_EQ(failed, 0u);
  }
};

TEST_F(Cost, a_thousand_messages_take_nothing_from_the_heap) {
  with_traffic([](const auto& traffic) {
    const auto before = shunt_test_allocations_here();
    ASSERT_NE(before, 0u) << "nothing is counted";

    traffic();

    EXPECT_EQ(shunt_test_allocations_here(), before);
  });
}

TEST_F(Cost, messages_with_hints_take_nothing_from_the_heap_once_the_thread_knows_them) {
  Host host = start(spinning());
  auto client = host.client<actor::Client>().value();
  auto orders = host.publisher<stage::Order>("stage.orders").value();
  const std::vector<Hints> wishes{Hints::parse("v1").value(), Hints::parse("^2;region=bj").value()};
  std::size_t failed = 0;
  const auto traffic = [&] {
    for (int i = 0; i < 250; ++i)
      for (const Hints& each : wishes) {
        if (!client.act(order({.number = 1}), {.deadline = 60s, .hints = each})) ++failed;
        if (!orders.publish(order({}), {.hints = each})) ++failed;
      }
  };
  traffic();
  const auto before = shunt_test_allocations_here();

  traffic();

  EXPECT_EQ(shunt_test_allocations_here(), before);
  EXPECT_EQ(failed, 0u);
}

TEST_F(Cost, one_allocation_on_the_way_is_seen) {
  const auto before = shunt_test_allocations_here();

  const auto one = std::make_unique<std::atomic<int>>(1);

  EXPECT_EQ(shunt_test_allocations_here(), before + one->load());
}

TEST_F(Cost, a_thousand_messages_make_no_system_call) {
  if (!SystemCallWatch::works()) GTEST_SKIP() << "this machine does not report a thread's system calls";
  with_traffic([](const auto& traffic) {
    const SystemCallWatch watch;

    traffic();

    EXPECT_EQ(watch.first(), SystemCallWatch::kNone) << "by its number";
  });
}

/// Calls that are started: with something to ask for, with a callback, and cancelled.
class CostOfStarting : public Cost {
 protected:
  static void with_calls(const std::function<void(const std::function<void()>& calls)>& measured) {
    Host host = start(spinning());
    auto client = host.client<actor::Client>().value();
    std::size_t failed = 0;
    std::size_t ended = 0;
    const auto note = [&](const Result<Reply<stage::Outcome>>& reply) { reply ? ++ended : ++failed; };
    const CallOptions options{.deadline = 60s};
    const auto calls = [&] {
      const auto before = ended;
      for (std::size_t i = 1; i <= 250; ++i) {
        auto first = client.act_async(order({.number = 1}), options);
        auto second = client.act_async(order({.number = 2, .bytes = 20'000}), options);
        if (!client.act_async(order({.number = 3}), options, note)) ++failed;
        auto cancelled = client.act_async(order({.number = 4}), options);
        if (!first || !second || !cancelled) return static_cast<void>(++failed);
        cancelled->cancel();
        while (!second->ready()) {
        }
        if (!second->get() || !first->get()) ++failed;
        while (ended < before + i) static_cast<void>(host.poll());
      }
    };
    calls();  // sizes are learned, threads registered

    measured(calls);

    EXPECT_EQ(failed, 0u);
    EXPECT_EQ(ended, 500u);
  }
};

TEST_F(CostOfStarting, a_thousand_calls_take_nothing_from_the_heap) {
  with_calls([](const auto& calls) {
    const auto before = shunt_test_allocations_here();
    ASSERT_NE(before, 0u) << "nothing is counted";

    calls();

    EXPECT_EQ(shunt_test_allocations_here(), before);
  });
}

TEST_F(CostOfStarting, a_thousand_calls_make_no_system_call) {
  if (!SystemCallWatch::works()) GTEST_SKIP() << "this machine does not report a thread's system calls";
  with_calls([](const auto& calls) {
    const SystemCallWatch watch;

    calls();

    EXPECT_EQ(watch.first(), SystemCallWatch::kNone) << "by its number";
  });
}

/// A reader that lost its core in the middle of a send may be waited for by the time it has one again.
TEST_F(Cost, a_reader_that_is_waited_for_makes_no_system_call) {
  if (!SystemCallWatch::works()) GTEST_SKIP() << "this machine does not report a thread's system calls";
  std::optional<host::RcuReader> reader;
  reader.emplace();
  std::atomic<pid_t> waiting{0};
  std::atomic<bool> through{false};
  const std::jthread waiter{[&] {
    waiting.store(::gettid(), std::memory_order_release);
    ::urcu_bp_synchronize_rcu();
    through.store(true, std::memory_order_release);
  }};
  EXPECT_TRUE(await([&] {
    const pid_t thread = waiting.load(std::memory_order_acquire);
    return thread != 0 && proc_status(thread, "State").starts_with('S');
  }));
  EXPECT_FALSE(through.load(std::memory_order_acquire));
  {
    const SystemCallWatch watch;

    reader.reset();

    EXPECT_EQ(watch.first(), SystemCallWatch::kNone) << "by its number";
  }
  EXPECT_TRUE(await([&] { return through.load(std::memory_order_acquire); }));
}

TEST_F(Cost, one_system_call_on_the_way_is_seen) {
  if (!SystemCallWatch::works()) GTEST_SKIP() << "this machine does not report a thread's system calls";
  const SystemCallWatch watch;

  const auto parent = ::getppid();

  EXPECT_EQ(watch.first(), SYS_getppid);
  EXPECT_GT(parent, 0) << "and it was made all the same";
}

}  // namespace
}  // namespace shunt::test
