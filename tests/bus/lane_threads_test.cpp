// The two ends of a lane on two threads, over the same addresses.
//
// The release and acquire pairs of the rings (commit word, read position) and of the return ring order plain reads and
// writes of headers, payloads and chunks. On x86 every store is a release and every load an acquire, so hardware cannot
// show a missing one; the thread sanitizer can, but it knows memory by its address, and between two mappings of one
// memory it sees nothing. So here both ends are built over one mapping: under the preset `tsan` a commit word stored
// relaxed, or a chunk given back before it was read, is reported as the data race it is.

#include "lane_pair.hpp"

#include <shunt/bus/doorbell.hpp>

#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <scale.hpp>

namespace shunt::bus::test {
namespace {

const std::uint64_t kMessages = shunt::test::scaled(100'000);

/// Both halves of both ends, over one mapping of each memory.
struct SharedLane {
  static Mapping zeroed(std::size_t bytes) {
    return must(Mapping::map(must(create_memory("test: threads", bytes)).get(), bytes, Access::ReadWrite));
  }
  static SideView formatted(const Mapping& memory, const SideShape& side) {
    format_side(memory.data(), side);
    return SideView::of(memory.data(), side);
  }

  LaneShape shape = test_shape();
  Mapping host_memory = zeroed(shape.host_side.bytes());
  Mapping plugin_memory = zeroed(shape.plugin_side.bytes());
  Mapping inbound_memory = zeroed(shape.inbound.bytes());
  Mapping outbound_memory = zeroed(shape.outbound.bytes());
  SideView host_side = formatted(host_memory, shape.host_side);
  SideView plugin_side = formatted(plugin_memory, shape.plugin_side);
  ChunkPool inbound = must(ChunkPool::create(shape.inbound, inbound_memory.data()));
  ChunkPool outbound = must(ChunkPool::create(shape.outbound, outbound_memory.data()));
};

/// One end as its thread uses it.
struct End {
  End(SideView& mine, SideView& theirs, ChunkPool& own_pool, const PoolGeometry& peer_geometry,
      const std::byte* peer_memory)
      : sender(mine, theirs, own_pool.geometry(), {4, 2}, true),
        receiver(mine, theirs, peer_geometry, peer_memory),
        pool(own_pool),
        mine_bell(mine.fixed->doorbell),
        peer_bell(theirs.fixed->doorbell) {}

  /// Sends number `i` as 8 numbers, in a chunk or inline. Word by word: gcc expands a memcpy of a known size where the
  /// thread sanitizer does not see it. False: no room, or no chunk, now.
  bool send(Ring ring, std::uint64_t i) {
    sender.harvest([&](ChunkId chunk) { pool.release(chunk); });
    if (!sender.has_room(ring)) return false;
    const std::array<std::uint64_t, 8> numbers{i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7};
    if (only.value_or(i % 2 == 0 ? Place::Inline : Place::Chunk) == Place::Inline) {
      sender.push(ring, inline_header(sizeof numbers, i), std::as_bytes(std::span{numbers}));
    } else {
      const auto loan = pool.loan(sizeof numbers);
      if (!loan) return false;
      auto* const words = reinterpret_cast<std::uint64_t*>(loan->data);
      for (std::size_t k = 0; k < numbers.size(); ++k) words[k] = numbers[k];
      sender.push(ring, chunk_header(*loan, sizeof numbers, i), {});
    }
    sender.wake();
    return true;
  }
  /// Takes one message, expected to be number `i`. False: none there.
  bool take(Ring ring, std::uint64_t i) {
    const auto message = receiver.next(ring);
    if (!message) return false;
    if (marks) receiver.mark_begun(ring);
    const auto* const words = reinterpret_cast<const std::uint64_t*>(message->payload.data());
    wrong += message->header.correlation != i || message->payload.size() != 8 * sizeof i;
    for (std::size_t k = 0; k < 8; ++k) wrong += words[k] != i + k;
    if (marks) receiver.mark_done(ring);
    receiver.free(ring);
    if (message->header.place == Place::Chunk) held.push_back(message->header);
    if (held.size() == 2) give_back_newest_first();
    return true;
  }
  void give_back_newest_first() {
    for (; !held.empty(); held.pop_back()) receiver.give_back(held.back().chunk, held.back().generation);
  }
  void sleep(Ring ring) {
    sleep_until_rung(mine_bell, peer_bell, kSleepMax, [&] { return receiver.has_message(ring); });
  }
  [[nodiscard]] bool broken() const { return sender.breach() != Breach::None || receiver.breach() != Breach::None; }

  LaneSender sender;
  LaneReceiver receiver;
  ChunkPool& pool;
  Doorbell& mine_bell;
  Doorbell& peer_bell;
  std::optional<Place> only;  ///< Where every payload lies; none: by turns.
  bool marks = true;
  std::vector<MessageHeader> held;
  std::uint64_t wrong = 0;
};

TEST(LaneThreads, a_stream_in_each_direction_at_once_arrives_whole_and_in_order) {
  SharedLane lane;
  End host{lane.host_side, lane.plugin_side, lane.inbound, lane.shape.outbound, lane.outbound_memory.data()};
  End plugin{lane.plugin_side, lane.host_side, lane.outbound, lane.shape.inbound, lane.inbound_memory.data()};
  const auto stream = [](End& end) {
    std::uint64_t sent = 0;
    for (std::uint64_t taken = 0; (taken < kMessages || sent < kMessages) && !end.broken();) {
      bool moved = sent < kMessages && end.send(Ring::Data, sent);
      sent += moved;
      if (taken < kMessages && end.take(Ring::Data, taken)) {
        ++taken;
        moved = true;
      }
      if (taken == kMessages) end.give_back_newest_first();
      if (!moved) std::this_thread::yield();
    }
  };

  std::thread other{[&] { stream(plugin); }};
  stream(host);
  other.join();

  EXPECT_EQ(host.wrong, 0u);
  EXPECT_EQ(plugin.wrong, 0u);
  EXPECT_FALSE(host.broken());
  EXPECT_FALSE(plugin.broken());
}

/// One way, without marks and without an answer: nothing but the pair under test orders the reader's reads before the
/// writer's next writes to the same memory.
void stream_one_way(Place place) {
  SharedLane lane;
  End host{lane.host_side, lane.plugin_side, lane.inbound, lane.shape.outbound, lane.outbound_memory.data()};
  End plugin{lane.plugin_side, lane.host_side, lane.outbound, lane.shape.inbound, lane.inbound_memory.data()};
  host.only = place;
  plugin.marks = false;

  std::thread other{[&] {
    for (std::uint64_t i = 0; i < kMessages && !plugin.broken();) {
      if (plugin.take(Ring::Data, i)) ++i;
      else std::this_thread::yield();
    }
    plugin.give_back_newest_first();
  }};
  for (std::uint64_t sent = 0; sent < kMessages && !host.broken();) {
    if (host.send(Ring::Data, sent)) ++sent;
    else std::this_thread::yield();
  }
  other.join();

  EXPECT_EQ(plugin.wrong, 0u);
  EXPECT_FALSE(host.broken());
  EXPECT_FALSE(plugin.broken());
}

TEST(LaneThreads, a_slot_is_written_again_only_after_it_was_read) { stream_one_way(Place::Inline); }

TEST(LaneThreads, a_chunk_is_written_again_only_after_it_was_given_back) { stream_one_way(Place::Chunk); }

TEST(LaneThreads, a_round_trip_that_sleeps_at_both_ends_answers_every_message) {
  SharedLane lane;
  End host{lane.host_side, lane.plugin_side, lane.inbound, lane.shape.outbound, lane.outbound_memory.data()};
  End plugin{lane.plugin_side, lane.host_side, lane.outbound, lane.shape.inbound, lane.inbound_memory.data()};
  const std::uint64_t rounds = kMessages / 10;
  const auto answer = [rounds](End& end, Ring from, Ring to, bool first) {
    for (std::uint64_t i = 0; i < rounds && !end.broken(); ++i) {
      while (first && !end.send(to, i)) std::this_thread::yield();
      while (!end.take(from, i) && !end.broken()) end.sleep(from);
      end.give_back_newest_first();
      while (!first && !end.send(to, i)) std::this_thread::yield();
    }
  };

  std::thread other{[&] { answer(plugin, Ring::Data, Ring::Reply, false); }};
  answer(host, Ring::Reply, Ring::Data, true);
  other.join();

  EXPECT_EQ(host.wrong, 0u);
  EXPECT_EQ(plugin.wrong, 0u);
  EXPECT_FALSE(host.broken());
  EXPECT_FALSE(plugin.broken());
}

TEST(LaneThreads, the_marks_read_while_a_handler_runs_never_seem_to_break_their_order) {
  SharedLane lane;
  End host{lane.host_side, lane.plugin_side, lane.inbound, lane.shape.outbound, lane.outbound_memory.data()};
  End plugin{lane.plugin_side, lane.host_side, lane.outbound, lane.shape.inbound, lane.inbound_memory.data()};

  std::thread other{[&] {
    for (std::uint64_t i = 0; i < kMessages;) {
      if (plugin.take(Ring::Data, i)) ++i;
      else std::this_thread::yield();
    }
    plugin.give_back_newest_first();
  }};
  std::uint64_t out_of_order = 0;
  for (std::uint64_t sent = 0; sent < kMessages;) {
    if (host.send(Ring::Data, sent)) ++sent;
    const auto marks = host.sender.marks(Ring::Data);
    out_of_order += marks.done > marks.begun || marks.begun > sent;
  }
  other.join();

  EXPECT_EQ(out_of_order, 0u);
  EXPECT_FALSE(host.broken());
}

}  // namespace
}  // namespace shunt::bus::test
