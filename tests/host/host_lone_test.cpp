/// Hosts beside each other, and the end of a host that could not say goodbye.
#include "cast.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <optional>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace shunt::test {
namespace {

class Hosts : public HostTest {};

TEST_F(Hosts, two_in_one_process_know_nothing_of_each_other) {
  std::optional<Host> first = start({actor()});
  Host second = start({actor()});
  auto first_client = first->client<actor::Client>().value();
  auto second_client = second.client<actor::Client>().value();
  std::size_t second_heard = 0;
  const auto subscription = second.subscribe<stage::News>("actor.news", [&](Received<stage::News>& news) {
    EXPECT_EQ(news->number(), 2u);
    EXPECT_TRUE(first->poll()) << "another host's callbacks are no reason to refuse";
    ++second_heard;
  });

  ASSERT_TRUE(first_client.act(order({.deed = Deed::Publish, .number = 1})));
  ASSERT_TRUE(second_client.act(order({.deed = Deed::Publish, .number = 2})));
  EXPECT_TRUE(poll_until(second, [&] { return second_heard == 1; }));
  EXPECT_NE(pid_of(*first, "actor"), pid_of(second, "actor"));
  first.reset();

  EXPECT_EQ(first_client.act(order({})).error().code, ErrorCode::Stopped);
  EXPECT_TRUE(second_client.act(order({.number = 3})));
}

TEST_F(Hosts, come_and_go_many_times) {
  for (int i = 0; i < 10; ++i) {
    Host host = start({actor(), partner()});
    EXPECT_TRUE(host.client<actor::Client>().value().act(order({.deed = Deed::Ask}), {.deadline = 30s}));
  }
}

TEST_F(Hosts, that_move_go_on_serving) {
  Host first = start({actor()});
  Host second = std::move(first);
  EXPECT_TRUE(second.client<actor::Client>().value().act(order({})));

  second = start({partner()});

  EXPECT_FALSE(second.client<actor::Client>());
  EXPECT_TRUE(second.client<partner::Client>().value().act(order({})));
}

TEST_F(Hosts, end_while_threads_still_call_and_publish) {
  std::optional<Host> host = start({actor()});
  std::atomic<bool> started = false;
  std::vector<std::jthread> threads;
  threads.reserve(2);
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&, client = host->client<actor::Client>().value(),
                          orders = host->publisher<stage::Order>("stage.orders").value()]() mutable {
      for (;;) {
        static_cast<void>(orders.publish(order({})));
        const auto reply = client.act(order({}), {.deadline = 30s});
        if (!reply && reply.error().code == ErrorCode::Stopped) return;
        started = true;
      }
    });
  ASSERT_TRUE(await([&] { return started.load(); }));

  host.reset();

  threads.clear();  // each was told that it stopped
}

TEST_F(Hosts, that_are_killed_take_their_plugins_with_them) {
  std::array<int, 2> lines{};
  ASSERT_EQ(::pipe2(lines.data(), O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, lines[1], STDOUT_FILENO);
  std::string program = LONE_HOST;
  std::array<char*, 2> arguments{program.data(), nullptr};
  pid_t host = 0;
  ASSERT_EQ(::posix_spawn(&host, program.c_str(), &actions, nullptr, arguments.data(), environ), 0);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(lines[1]);
  char served = 0;
  ASSERT_EQ(::read(lines[0], &served, 1), 1) << "the host's plugins serve";

  ::kill(host, SIGKILL);  // ours, and not waited for

  reap_orphans();  // its wardens, and what they could not wait for
  EXPECT_EQ(::read(lines[0], &served, 1), 0) << "nobody holds what the host had open";
  ::close(lines[0]);
}

}  // namespace
}  // namespace shunt::test
