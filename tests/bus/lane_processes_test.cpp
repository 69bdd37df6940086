// A lane between two processes: the plugin's end lives in a child that was forked from the test.

#include "lane_pair.hpp"

#include <shunt/bus/doorbell.hpp>

#include <csignal>
#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace shunt::bus::test {
namespace {

/// A child process that runs `body` and exits with what it returns; ended with its scope, and with this process.
class Child {
 public:
  explicit Child(const std::function<int()>& body) {
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(99);
    ::_exit(body());
  }
  ~Child() {
    if (pid_ > 0) kill_and_reap();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// What it exited with, or minus the signal that ended it.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int kill_and_reap() {
    ::kill(pid_, SIGKILL);
    return wait();
  }

 private:
  pid_t pid_ = -1;
};

/// Sleeps on the lane until a message is there, whatever wakes in between.
Incoming await(LaneEnd& end, Ring ring) {
  for (;;) {
    if (auto message = end.receiver.next(ring)) return *message;
    if (end.breach() != Breach::None) throw std::runtime_error(std::string{describe(end.breach())});
    const Bell bell = end.bell();
    sleep_until_rung(*bell.mine, *bell.peer, kSleepMax, [&] { return end.receiver.has_message(ring); });
  }
}

/// Sends back what it gets, inline as inline and chunk as chunk, until a Cancel comes. 0: all was well.
int echo_until_cancelled(LaneEnd& end) {
  for (;;) {
    const Incoming request = await(end, Ring::Data);
    end.receiver.mark_begun(Ring::Data);
    if (request.header.kind == Kind::Cancel) return end.breach() == Breach::None ? 0 : 1;
    end.sender.harvest([&](ChunkId chunk) { end.pool()->release(chunk); });
    if (!end.sender.has_room(Ring::Reply)) return 2;
    if (request.header.place == Place::Chunk) {
      send_chunk(end, *end.pool(), Ring::Reply, text_of(request.payload), request.header.correlation);
      end.receiver.give_back(request.header.chunk, request.header.generation);
    } else {
      send_text(end, Ring::Reply, text_of(request.payload), request.header.correlation);
    }
    end.receiver.mark_done(Ring::Data);
    end.receiver.free(Ring::Data);
    end.sender.wake();
  }
}

struct TwoProcesses : testing::Test {
  TwoProcesses() { host = must(LaneEnd::open_host(shape, memory, {4, 2}, {})); }

  std::unique_ptr<LaneEnd> open_plugin() { return must(LaneEnd::open_plugin(shape, memory, inbound.memory.get(), {})); }
  void harvest() {
    host->sender.harvest([&](ChunkId chunk) { inbound.pool.release(chunk); });
  }
  void cancel() {
    MessageHeader header;
    header.kind = Kind::Cancel;
    host->sender.push(Ring::Data, header, {});
    host->sender.wake();
  }

  InboundPool inbound;
  LaneShape shape = test_shape();
  LaneMemory memory;
  std::unique_ptr<LaneEnd> host;
};

TEST_F(TwoProcesses, messages_go_there_and_back_inline_and_in_chunks_with_both_sides_asleep_in_between) {
  Child child{[&] { return echo_until_cancelled(*open_plugin()); }};
  const std::string large(1000, 'l');

  for (std::uint64_t i = 0; i < 2000; ++i) {
    const std::string text = std::to_string(i) + (i % 3 == 0 ? large.substr(20) : "");
    harvest();
    ASSERT_TRUE(host->sender.has_room(Ring::Data));
    if (text.size() > kInlineBytesMax) send_chunk(*host, inbound.pool, Ring::Data, text, i);
    else send_text(*host, Ring::Data, text, i);
    host->sender.wake();

    const Incoming reply = await(*host, Ring::Reply);
    ASSERT_EQ(reply.header.correlation, i);
    ASSERT_EQ(text_of(reply.payload), text);
    if (reply.header.place == Place::Chunk) host->receiver.give_back(reply.header.chunk, reply.header.generation);
    host->receiver.free(Ring::Reply);
  }
  cancel();

  EXPECT_EQ(child.wait(), 0);
  harvest();
  EXPECT_EQ(inbound.pool.used_chunks(), 0u);
  EXPECT_EQ(host->breach(), Breach::None);
}

TEST_F(TwoProcesses, chunks_held_by_a_killed_process_are_reclaimed_and_its_last_words_stay_readable) {
  Child child{[&] {
    const auto end = open_plugin();
    for (int i = 0; i < 3; ++i) (void)await(*end, Ring::Data);
    end->receiver.mark_begun(Ring::Data);
    send_chunk(*end, *end->pool(), Ring::Reply, "last words");
    end->sender.wake();
    for (;;) ::pause();
    return 0;
  }};
  for (int i = 0; i < 3; ++i) send_chunk(*host, inbound.pool, Ring::Data, "held to the death");
  host->sender.wake();
  const Incoming reply = await(*host, Ring::Reply);
  ASSERT_EQ(inbound.pool.used_chunks(), 3u);

  EXPECT_EQ(child.kill_and_reap(), -SIGKILL);
  harvest();
  host->sender.reclaim([&](ChunkId chunk) { inbound.pool.release(chunk); });

  EXPECT_EQ(inbound.pool.used_chunks(), 0u);
  EXPECT_EQ(text_of(reply.payload), "last words");
  EXPECT_EQ(host->sender.marks(Ring::Data).begun, 3u);
  EXPECT_EQ(host->sender.marks(Ring::Data).done, 0u);
  EXPECT_EQ(host->breach(), Breach::None);
}

TEST_F(TwoProcesses, a_process_killed_at_any_moment_of_its_traffic_leaks_no_chunk_and_breaks_no_rule) {
  for (std::uint64_t round = 0; round < 30; ++round) {
    host = must(LaneEnd::open_host(shape, memory, {4, 2}, {}));
    Child child{[&] { return echo_until_cancelled(*open_plugin()); }};
    std::uint64_t replies = 0;

    for (std::uint64_t sent = 0; replies < 1 + round * 3;) {
      harvest();
      if (sent - replies < 4 && host->sender.has_room(Ring::Data) && inbound.pool.free_chunks(0) > 0) {
        send_chunk(*host, inbound.pool, Ring::Data, "traffic", sent++);
        host->sender.wake();
      }
      if (const auto reply = host->receiver.next(Ring::Reply)) {
        ASSERT_EQ(reply->header.correlation, replies++);
        host->receiver.give_back(reply->header.chunk, reply->header.generation);
        host->receiver.free(Ring::Reply);
      }
    }
    EXPECT_EQ(child.kill_and_reap(), -SIGKILL);
    harvest();
    while (const auto reply = host->receiver.next(Ring::Reply)) ASSERT_EQ(reply->header.correlation, replies++);
    host->sender.reclaim([&](ChunkId chunk) { inbound.pool.release(chunk); });

    ASSERT_EQ(inbound.pool.used_chunks(), 0u);
    ASSERT_EQ(host->breach(), Breach::None) << describe(host->breach());
  }
}

TEST_F(TwoProcesses, the_plugins_process_dies_of_writing_to_the_hosts_side) {
  Child child{[&] {
    ::signal(SIGSEGV, SIG_DFL);  // a sanitizer would report it as a crash of ours
    const auto end = open_plugin();
    const_cast<Side&>(end->theirs()).doorbell.rung.store(1);
    return 0;
  }};

  EXPECT_EQ(child.wait(), -SIGSEGV);
  EXPECT_EQ(host->mine().doorbell.rung.load(), 0u);
}

}  // namespace
}  // namespace shunt::bus::test
