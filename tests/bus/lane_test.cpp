// A lane from end to end inside one process: both directions, both rings, inline and chunk, full, held and out of
// order.

#include "lane_pair.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::bus::test {
namespace {

struct Lane : testing::Test {
  InboundPool inbound;
  LanePair lane{inbound};

  void harvest_at_host() {
    lane.host->sender.harvest([&](ChunkId chunk) { inbound.pool.release(chunk); });
  }
  void harvest_at_plugin() {
    lane.plugin->sender.harvest([&](ChunkId chunk) { lane.plugin->pool()->release(chunk); });
  }
  void expect_no_breach() {
    EXPECT_EQ(lane.host->breach(), Breach::None) << describe(lane.host->breach());
    EXPECT_EQ(lane.plugin->breach(), Breach::None) << describe(lane.plugin->breach());
  }
};

TEST_F(Lane, a_fresh_lane_holds_nothing_and_has_room) {
  for (const Ring ring : kBothRings) {
    EXPECT_FALSE(lane.host->receiver.has_message(ring));
    EXPECT_FALSE(lane.plugin->receiver.has_message(ring));
    EXPECT_EQ(lane.plugin->receiver.next(ring), nullptr);
    EXPECT_TRUE(lane.host->sender.has_room(ring));
    EXPECT_TRUE(lane.plugin->sender.has_room(ring));
  }
  expect_no_breach();
}

TEST_F(Lane, an_inline_message_arrives_whole_in_both_directions_on_both_rings) {
  for (const Ring ring : kBothRings) {
    send_text(*lane.host, ring, "to the plugin", 11);
    const auto at_plugin = lane.plugin->receiver.next(ring);
    ASSERT_NE(at_plugin, nullptr);
    EXPECT_EQ(text_of(at_plugin->payload), "to the plugin");
    EXPECT_EQ(at_plugin->header.correlation, 11u);

    send_text(*lane.plugin, ring, "to the host", 12);
    const auto at_host = lane.host->receiver.next(ring);
    ASSERT_NE(at_host, nullptr);
    EXPECT_EQ(text_of(at_host->payload), "to the host");
    EXPECT_EQ(at_host->header.correlation, 12u);
  }
  expect_no_breach();
}

TEST_F(Lane, a_message_without_a_payload_arrives_with_an_empty_one) {
  MessageHeader header;
  header.kind = Kind::Cancel;
  header.correlation = 5;

  lane.host->sender.push(Ring::Reply, header, {});
  const auto message = lane.plugin->receiver.next(Ring::Reply);

  ASSERT_NE(message, nullptr);
  EXPECT_EQ(message->header.kind, Kind::Cancel);
  EXPECT_TRUE(message->payload.empty());
}

TEST_F(Lane, a_chunk_is_read_where_it_was_written_and_comes_back) {
  const std::string text(1000, 'c');

  for (int i = 0; i < 100; ++i) {
    send_chunk(*lane.host, inbound.pool, Ring::Data, text);
    const auto message = lane.plugin->receiver.next(Ring::Data);
    ASSERT_NE(message, nullptr);
    ASSERT_EQ(text_of(message->payload), text);
    EXPECT_EQ(lane.host->sender.held(), 1u);

    lane.plugin->receiver.give_back(message->header.chunk, message->header.generation);
    lane.plugin->receiver.free(Ring::Data);
    harvest_at_host();
    EXPECT_EQ(lane.host->sender.held(), 0u);
    EXPECT_EQ(inbound.pool.used_chunks(), 0u);
  }
  expect_no_breach();
}

TEST_F(Lane, the_plugins_own_chunks_go_the_other_way) {
  const std::string text(64, 'p');

  for (int i = 0; i < 100; ++i) {
    send_chunk(*lane.plugin, *lane.plugin->pool(), Ring::Reply, text);
    const auto message = lane.host->receiver.next(Ring::Reply);
    ASSERT_NE(message, nullptr);
    ASSERT_EQ(text_of(message->payload), text);

    lane.host->receiver.give_back(message->header.chunk, message->header.generation);
    lane.host->receiver.free(Ring::Reply);
    harvest_at_plugin();
    EXPECT_EQ(lane.plugin->pool()->used_chunks(), 0u);
  }
  expect_no_breach();
}

TEST_F(Lane, a_payload_may_begin_inside_its_chunk) {
  const auto loan = *inbound.pool.loan(64);
  std::memcpy(loan.data + 40, "from the end", 12);
  auto header = chunk_header(loan, 12);
  header.payload_offset = 40;  // as a builder that fills its chunk from the end leaves it

  lane.host->sender.push(Ring::Data, header, {});
  const auto message = lane.plugin->receiver.next(Ring::Data);

  ASSERT_NE(message, nullptr);
  EXPECT_EQ(text_of(message->payload), "from the end");
}

TEST_F(Lane, the_second_ring_overtakes_a_backlog_of_the_first) {
  for (std::uint32_t i = 0; i < kTestSlots; ++i) send_text(*lane.host, Ring::Data, "backlog");
  ASSERT_FALSE(lane.host->sender.has_room(Ring::Data));

  ASSERT_TRUE(lane.host->sender.has_room(Ring::Reply));
  send_text(*lane.host, Ring::Reply, "stop!");

  EXPECT_EQ(text_of(lane.plugin->receiver.next(Ring::Reply)->payload), "stop!");
}

TEST_F(Lane, a_full_ring_has_no_room_until_the_reader_frees_and_then_exactly_what_was_freed) {
  for (const Ring ring : kBothRings) {
    for (std::uint32_t i = 0; i < kTestSlots; ++i) {
      ASSERT_TRUE(lane.host->sender.has_room(ring));
      send_text(*lane.host, ring, "x");
    }
    EXPECT_FALSE(lane.host->sender.has_room(ring));

    for (int i = 0; i < 3; ++i) ASSERT_NE(lane.plugin->receiver.next(ring), nullptr);
    EXPECT_FALSE(lane.host->sender.has_room(ring)) << "taken, but their inline payloads may still be read";

    lane.plugin->receiver.free(ring);
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(lane.host->sender.has_room(ring));
      send_text(*lane.host, ring, "y");
    }
    EXPECT_FALSE(lane.host->sender.has_room(ring));
  }
  expect_no_breach();
}

TEST_F(Lane, chunks_come_back_in_any_order) {
  std::vector<std::size_t> order{0, 1, 2, 3};

  do {
    std::vector<MessageHeader> held;
    for (int i = 0; i < 4; ++i) {
      send_chunk(*lane.host, inbound.pool, Ring::Data, "some");
      held.push_back(lane.plugin->receiver.next(Ring::Data)->header);
    }
    ASSERT_EQ(lane.host->sender.held(), 4u);

    for (const std::size_t i : order) {
      lane.plugin->receiver.give_back(held[i].chunk, held[i].generation);
      harvest_at_host();
    }
    lane.plugin->receiver.free(Ring::Data);

    ASSERT_EQ(lane.host->sender.held(), 0u);
    ASSERT_EQ(inbound.pool.used_chunks(), 0u);
  } while (std::next_permutation(order.begin(), order.end()));
  expect_no_breach();
}

TEST_F(Lane, a_chunk_that_is_held_never_blocks_later_messages) {
  const auto kept = send_chunk(*lane.plugin, *lane.plugin->pool(), Ring::Reply, "the reply that is kept");
  const Incoming* const received = lane.host->receiver.next(Ring::Reply);
  ASSERT_NE(received, nullptr);
  const Incoming reply = *received;
  lane.host->receiver.free(Ring::Reply);

  for (int i = 0; i < 100'000; ++i) {
    harvest_at_plugin();
    ASSERT_TRUE(lane.plugin->sender.has_room(Ring::Reply));
    send_chunk(*lane.plugin, *lane.plugin->pool(), Ring::Reply, "a later one", static_cast<std::uint64_t>(i));
    const auto later = lane.host->receiver.next(Ring::Reply);
    ASSERT_NE(later, nullptr);
    ASSERT_EQ(later->header.correlation, static_cast<std::uint64_t>(i));
    lane.host->receiver.give_back(later->header.chunk, later->header.generation);
    lane.host->receiver.free(Ring::Reply);
  }

  EXPECT_EQ(text_of(reply.payload), "the reply that is kept");
  lane.host->receiver.give_back(kept.chunk, kept.generation);
  harvest_at_plugin();
  EXPECT_EQ(lane.plugin->pool()->used_chunks(), 0u);
  expect_no_breach();
}

TEST_F(Lane, what_each_end_holds_is_known_by_size_class) {
  send_chunk(*lane.host, inbound.pool, Ring::Data, "small");
  send_chunk(*lane.host, inbound.pool, Ring::Data, std::string(1000, 'l'));
  send_chunk(*lane.plugin, *lane.plugin->pool(), Ring::Data, std::string(1000, 'l'));
  const Incoming* const received = lane.host->receiver.next(Ring::Data);
  ASSERT_NE(received, nullptr);

  EXPECT_EQ(lane.host->sender.held(0), 1u);
  EXPECT_EQ(lane.host->sender.held(1), 1u);
  EXPECT_EQ(lane.host->sender.cap(1), 2u);
  EXPECT_EQ(lane.host->receiver.held(0), 0u);
  EXPECT_EQ(lane.host->receiver.held(1), 1u);
  lane.host->receiver.give_back(received->header.chunk, received->header.generation);
  EXPECT_EQ(lane.host->receiver.held(1), 0u);
}

TEST_F(Lane, is_made_of_the_memory_that_its_shape_names) {
  const LaneShape::Memory planned = lane.shape.memory();

  EXPECT_EQ(must(sealed_size(lane.memory.host_side.get())), planned.host_side.bytes);
  EXPECT_EQ(must(sealed_size(lane.memory.plugin_side.get())), planned.plugin_side.bytes);
  EXPECT_EQ(must(sealed_size(lane.memory.outbound.get())), planned.outbound.bytes);
}

TEST_F(Lane, the_cap_of_a_class_is_reached_by_that_class_alone) {
  LanePair capped{inbound, {2, 1}};
  const auto small = ChunkId::of(0, 0);
  const auto large = ChunkId::of(1, 0);

  send_chunk(*capped.host, inbound.pool, Ring::Data, "one");
  EXPECT_TRUE(capped.host->sender.under_cap(small));
  send_chunk(*capped.host, inbound.pool, Ring::Data, "two");

  EXPECT_FALSE(capped.host->sender.under_cap(small));
  EXPECT_TRUE(capped.host->sender.under_cap(large));

  const auto first = capped.plugin->receiver.next(Ring::Data)->header;
  capped.plugin->receiver.give_back(first.chunk, first.generation);
  EXPECT_FALSE(capped.host->sender.under_cap(small)) << "until it is harvested";
  capped.host->sender.harvest([&](ChunkId chunk) { inbound.pool.release(chunk); });
  EXPECT_TRUE(capped.host->sender.under_cap(small));
}

TEST_F(Lane, marks_say_how_far_the_handlers_have_come) {
  for (int i = 0; i < 3; ++i) send_text(*lane.host, Ring::Data, "x");
  auto& receiver = lane.plugin->receiver;

  ASSERT_NE(receiver.next(Ring::Data), nullptr);
  receiver.mark_begun(Ring::Data);
  EXPECT_EQ(lane.host->sender.marks(Ring::Data).begun, 1u);
  EXPECT_EQ(lane.host->sender.marks(Ring::Data).done, 0u);

  receiver.mark_done(Ring::Data);
  ASSERT_NE(receiver.next(Ring::Data), nullptr);
  receiver.mark_begun(Ring::Data);

  EXPECT_EQ(lane.host->sender.marks(Ring::Data).begun, 2u);
  EXPECT_EQ(lane.host->sender.marks(Ring::Data).done, 1u);
  EXPECT_EQ(lane.host->sender.marks(Ring::Reply).begun, 0u);
  expect_no_breach();
}

TEST_F(Lane, a_standing_says_of_one_message_what_the_marks_do_not_say_and_only_what_is_known) {
  for (int i = 0; i < 3; ++i) send_text(*lane.host, Ring::Data, "x");
  auto& receiver = lane.plugin->receiver;
  const auto& sender = lane.host->sender;
  for (int i = 0; i < 3; ++i) ASSERT_NE(receiver.next(Ring::Data), nullptr);
  ASSERT_EQ(sender.standing(1), Standing::AsMarked);

  receiver.set_standing(0, Standing::Deferred);
  receiver.set_standing(1, Standing::Waiting);
  receiver.mark_begun_below(3);
  receiver.set_standing(2, Standing::Done);

  EXPECT_EQ(sender.standing(0), Standing::Deferred);
  EXPECT_EQ(sender.standing(1), Standing::Waiting);
  EXPECT_EQ(sender.standing(2), Standing::Done);
  EXPECT_EQ(lane.host->sender.marks(Ring::Data).begun, 3u);

  receiver.set_standing(1, Standing{77});
  receiver.mark_done_below(1);
  receiver.free_below(1);

  EXPECT_EQ(sender.standing(1), Standing::AsMarked);
  EXPECT_EQ(lane.host->sender.marks(Ring::Data).done, 1u);
  expect_no_breach();
}

TEST_F(Lane, after_a_death_every_chunk_the_peer_held_is_reclaimed_once) {
  for (int i = 0; i < 4; ++i) send_chunk(*lane.host, inbound.pool, Ring::Data, "held");
  const auto first = lane.plugin->receiver.next(Ring::Data)->header;
  lane.plugin->receiver.give_back(first.chunk, first.generation);
  std::vector<ChunkId> reclaimed;

  harvest_at_host();
  const auto reclaim = [&](ChunkId chunk) {
    reclaimed.push_back(chunk);
    inbound.pool.release(chunk);
  };
  lane.host->sender.reclaim(reclaim);
  lane.host->sender.reclaim(reclaim);

  EXPECT_EQ(reclaimed.size(), 3u);
  EXPECT_EQ(lane.host->sender.held(), 0u);
  EXPECT_EQ(inbound.pool.used_chunks(), 0u);
  EXPECT_TRUE(lane.host->sender.under_cap(first.chunk));
}

TEST_F(Lane, committed_messages_stay_readable_after_their_writer_has_gone) {
  send_text(*lane.plugin, Ring::Data, "inline, before the death");
  send_chunk(*lane.plugin, *lane.plugin->pool(), Ring::Data, "in a chunk, before the death");

  lane.plugin.reset();

  EXPECT_EQ(text_of(lane.host->receiver.next(Ring::Data)->payload), "inline, before the death");
  EXPECT_EQ(text_of(lane.host->receiver.next(Ring::Data)->payload), "in a chunk, before the death");
}

TEST_F(Lane, a_lane_works_after_its_descriptors_are_closed) {
  lane.memory = LaneMemory{};

  send_text(*lane.host, Ring::Data, "still here");

  EXPECT_EQ(text_of(lane.plugin->receiver.next(Ring::Data)->payload), "still here");
}

TEST_F(Lane, many_laps_of_mixed_traffic_lose_and_reorder_nothing) {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::vector<MessageHeader> held;

  while (received < 50'000) {
    harvest_at_host();
    while (lane.host->sender.has_room(Ring::Data)) {
      const bool as_chunk = sent % 3 == 0 && inbound.pool.free_chunks(0) > 0;
      if (as_chunk) send_chunk(*lane.host, inbound.pool, Ring::Data, "chunk", sent++);
      else send_text(*lane.host, Ring::Data, "inline", sent++);
    }
    while (const auto message = lane.plugin->receiver.next(Ring::Data)) {
      ASSERT_EQ(message->header.correlation, received++);
      const bool is_chunk = message->header.place == Place::Chunk;
      ASSERT_EQ(text_of(message->payload), is_chunk ? "chunk" : "inline");
      if (is_chunk) held.push_back(message->header);
      if (received % 7 == 0 && !held.empty()) {
        lane.plugin->receiver.give_back(held.back().chunk, held.back().generation);
        held.pop_back();
      }
    }
    lane.plugin->receiver.free(Ring::Data);
  }

  for (const auto& header : held) lane.plugin->receiver.give_back(header.chunk, header.generation);
  harvest_at_host();
  EXPECT_EQ(inbound.pool.used_chunks(), 0u);
  expect_no_breach();
}

}  // namespace
}  // namespace shunt::bus::test
