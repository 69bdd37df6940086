// Every check that the bus makes of its peer, one by one: exactly one field is scribbled and exactly that breach
// follows; the nearest honest value is accepted. Kind, Route, Correlation, Parent and Control are judged by the host.

#include "lane_pair.hpp"

#include <shunt/bus/breach.hpp>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::bus::test {
namespace {

/// What the host's end makes of a plugin that does `scribble` to its own side.
struct BreachOf : testing::TestWithParam<Ring> {
  InboundPool inbound;
  LanePair lane{inbound};
  HostileView hostile{lane};
  Ring ring = GetParam();
  std::size_t index = static_cast<std::size_t>(GetParam());

  void send_to_plugin(int messages) {
    for (int i = 0; i < messages; ++i) send_text(*lane.host, ring, "x");
  }
  /// The host looks at everything that the plugin writes.
  Breach look() {
    lane.host->sender.ring_out(ring).refresh();
    (void)lane.host->sender.marks(ring);
    lane.host->sender.harvest([&](ChunkId chunk) { inbound.pool.release(chunk); });
    if (lane.host->receiver.next(ring)) ++accepted;
    return lane.host->breach();
  }
  int accepted = 0;

  /// As Positions: begun and done follow a read position that is honest.
  void set_positions(std::uint64_t read, std::uint64_t begun, std::uint64_t done) {
    hostile.side.fixed->positions.begun[index].store(begun);
    hostile.side.fixed->positions.done[index].store(done);
    hostile.side.fixed->positions.read[index].store(read);
  }
  void give_back(std::uint64_t position, Returned item) {
    hostile.side.returns[position] =
        std::uint64_t{item.generation} << 32 | std::uint64_t{item.chunk.packed} << 8 | return_tag(position, 3);
  }

  /// A message from the plugin with one field changed from an honest one.
  Breach forged(const std::function<void(MessageHeader&)>& change, Place place) {
    MessageHeader header = inline_header(8);
    if (place == Place::Chunk) {
      header.place = Place::Chunk;
      header.chunk = ChunkId::of(0, 0);
      header.generation = 1;
    }
    change(header);
    hostile.forge(ring, 0, header);
    return look();
  }
  Breach forged_inline(const std::function<void(MessageHeader&)>& change) { return forged(change, Place::Inline); }
  Breach forged_chunk(const std::function<void(MessageHeader&)>& change) { return forged(change, Place::Chunk); }
};

std::string ring_name(const testing::TestParamInfo<Ring>& ring) { return ring.param == Ring::Data ? "data" : "reply"; }
INSTANTIATE_TEST_SUITE_P(Rings, BreachOf, testing::ValuesIn(kBothRings), ring_name);

// PositionAhead

TEST_P(BreachOf, a_read_position_of_all_that_was_sent_is_honest) {
  send_to_plugin(3);
  set_positions(3, 3, 3);
  EXPECT_EQ(look(), Breach::None);
}

TEST_P(BreachOf, a_read_position_beyond_what_was_sent_is_position_ahead) {
  send_to_plugin(3);
  set_positions(4, 3, 3);
  EXPECT_EQ(look(), Breach::PositionAhead);
}

TEST_P(BreachOf, a_begun_mark_beyond_what_was_sent_is_position_ahead) {
  send_to_plugin(3);
  set_positions(3, 4, 3);
  EXPECT_EQ(look(), Breach::PositionAhead);
}

TEST_P(BreachOf, a_done_mark_beyond_begun_is_position_ahead) {
  send_to_plugin(3);
  set_positions(1, 1, 2);
  EXPECT_EQ(look(), Breach::PositionAhead);
}

// PositionBackwards

TEST_P(BreachOf, positions_that_stand_still_are_honest) {
  send_to_plugin(3);
  set_positions(2, 2, 2);
  EXPECT_EQ(look(), Breach::None);
  EXPECT_EQ(look(), Breach::None);
}

TEST_P(BreachOf, a_read_position_that_goes_back_is_position_backwards) {
  send_to_plugin(3);
  set_positions(2, 2, 2);
  ASSERT_EQ(look(), Breach::None);
  set_positions(1, 2, 2);
  EXPECT_EQ(look(), Breach::PositionBackwards);
}

TEST_P(BreachOf, a_begun_mark_that_goes_back_is_position_backwards) {
  send_to_plugin(3);
  set_positions(1, 3, 2);
  ASSERT_EQ(look(), Breach::None);
  set_positions(1, 2, 2);
  EXPECT_EQ(look(), Breach::PositionBackwards);
}

TEST_P(BreachOf, a_done_mark_that_goes_back_is_position_backwards) {
  send_to_plugin(3);
  set_positions(1, 3, 2);
  ASSERT_EQ(look(), Breach::None);
  set_positions(1, 3, 1);
  EXPECT_EQ(look(), Breach::PositionBackwards);
}

// CommitWord

TEST_P(BreachOf, a_commit_word_of_the_next_message_is_honest_and_so_is_none) {
  EXPECT_EQ(look(), Breach::None);
  EXPECT_EQ(accepted, 0);
  EXPECT_EQ(forged_inline([](MessageHeader&) {}), Breach::None);
  EXPECT_EQ(accepted, 1);
}

TEST_P(BreachOf, a_commit_word_of_a_later_message_is_commit_word) {
  hostile.side.rings[index][0].commit.store(2);
  EXPECT_EQ(look(), Breach::CommitWord);
  EXPECT_EQ(accepted, 0);
}

TEST_P(BreachOf, a_commit_word_of_the_lap_after_next_is_commit_word) {
  hostile.side.rings[index][0].commit.store(1 + kTestSlots);
  EXPECT_EQ(look(), Breach::CommitWord);
  EXPECT_EQ(accepted, 0);
}

// ReturnTag

TEST_P(BreachOf, a_returned_item_of_this_lap_is_honest) {
  const auto loan = send_chunk(*lane.host, inbound.pool, ring, "x");
  give_back(0, {loan.chunk, loan.generation});
  EXPECT_EQ(look(), Breach::None);
  EXPECT_EQ(lane.host->sender.held(), 0u);
}

TEST_P(BreachOf, a_returned_item_with_the_tag_of_another_lap_is_return_tag) {
  const auto loan = send_chunk(*lane.host, inbound.pool, ring, "x");
  give_back(0, {loan.chunk, loan.generation});
  hostile.side.returns[0] += 1;
  EXPECT_EQ(look(), Breach::ReturnTag);
  EXPECT_EQ(lane.host->sender.held(), 1u);
}

// ReturnOutOfRange

TEST_P(BreachOf, a_returned_index_that_the_class_does_not_have_is_return_out_of_range) {
  send_chunk(*lane.host, inbound.pool, ring, "x");
  give_back(0, {ChunkId::of(0, 4), 1});
  EXPECT_EQ(look(), Breach::ReturnOutOfRange);
}

TEST_P(BreachOf, a_returned_class_that_the_pool_does_not_have_is_return_out_of_range) {
  send_chunk(*lane.host, inbound.pool, ring, "x");
  give_back(0, {ChunkId::of(2, 0), 1});
  EXPECT_EQ(look(), Breach::ReturnOutOfRange);
}

// ReturnNotHeld

TEST_P(BreachOf, a_return_of_a_chunk_that_was_never_sent_is_return_not_held) {
  send_chunk(*lane.host, inbound.pool, ring, "x");
  give_back(0, {ChunkId::of(0, 3), 1});
  EXPECT_EQ(look(), Breach::ReturnNotHeld);
}

TEST_P(BreachOf, a_return_with_another_generation_is_return_not_held) {
  const auto loan = send_chunk(*lane.host, inbound.pool, ring, "x");
  give_back(0, {loan.chunk, loan.generation + 1});
  EXPECT_EQ(look(), Breach::ReturnNotHeld);
  EXPECT_EQ(lane.host->sender.held(), 1u);
}

TEST_P(BreachOf, a_return_with_generation_0_is_return_not_held_even_of_a_chunk_that_nobody_holds) {
  give_back(0, {ChunkId::of(0, 3), 0});
  EXPECT_EQ(look(), Breach::ReturnNotHeld);
}

TEST_P(BreachOf, a_double_return_is_return_not_held_and_frees_the_chunk_once) {
  const auto loan = send_chunk(*lane.host, inbound.pool, ring, "x");
  inbound.pool.hold(loan.chunk);
  give_back(0, {loan.chunk, loan.generation});
  give_back(1, {loan.chunk, loan.generation});
  EXPECT_EQ(look(), Breach::ReturnNotHeld);
  EXPECT_EQ(inbound.pool.used_chunks(), 1u);
}

TEST_P(BreachOf, a_replayed_return_after_the_chunk_was_sent_anew_is_return_not_held) {
  const auto first = send_chunk(*lane.host, inbound.pool, ring, "x");
  give_back(0, {first.chunk, first.generation});
  ASSERT_EQ(look(), Breach::None);
  const auto second = send_chunk(*lane.host, inbound.pool, ring, "y");
  ASSERT_EQ(second.chunk, first.chunk);

  give_back(1, {first.chunk, first.generation});

  EXPECT_EQ(look(), Breach::ReturnNotHeld);
  EXPECT_EQ(lane.host->sender.held(), 1u);
}

// PayloadPlace

TEST_P(BreachOf, a_payload_in_its_message_or_in_a_chunk_is_honest) {
  EXPECT_EQ(forged_inline([](MessageHeader&) {}), Breach::None);
  hostile.forge(ring, 1, chunk_header(LoanedChunk{nullptr, 64, ChunkId::of(0, 3), 1}, 64));
  EXPECT_EQ(look(), Breach::None);
  EXPECT_EQ(accepted, 2);
}

TEST_P(BreachOf, a_payload_that_lies_anywhere_else_is_payload_place) {
  EXPECT_EQ(forged_inline([](MessageHeader& header) { header.place = static_cast<Place>(3); }), Breach::PayloadPlace);
  EXPECT_EQ(accepted, 0);
}

TEST_P(BreachOf, a_place_of_255_is_payload_place) {
  EXPECT_EQ(forged_inline([](MessageHeader& header) { header.place = static_cast<Place>(255); }), Breach::PayloadPlace);
}

// PayloadOutOfRange

TEST_P(BreachOf, a_payload_in_the_last_chunk_of_the_last_class_is_honest) {
  EXPECT_EQ(forged_chunk([](MessageHeader& header) { header.chunk = ChunkId::of(1, 1); }), Breach::None);
  EXPECT_EQ(accepted, 1);
}

TEST_P(BreachOf, a_payload_in_a_chunk_that_the_class_does_not_have_is_payload_out_of_range) {
  EXPECT_EQ(forged_chunk([](MessageHeader& header) { header.chunk = ChunkId::of(1, 2); }), Breach::PayloadOutOfRange);
}

TEST_P(BreachOf, a_payload_in_a_class_that_the_pool_does_not_have_is_payload_out_of_range) {
  EXPECT_EQ(forged_chunk([](MessageHeader& header) { header.chunk = ChunkId::of(2, 0); }), Breach::PayloadOutOfRange);
}

TEST_P(BreachOf, bits_above_the_class_of_a_payloads_chunk_are_payload_out_of_range) {
  EXPECT_EQ(forged_chunk([](MessageHeader& header) { header.chunk.packed |= 1u << 24; }), Breach::PayloadOutOfRange);
}

TEST_P(BreachOf, a_payload_of_generation_0_is_payload_out_of_range) {
  EXPECT_EQ(forged_chunk([](MessageHeader& header) { header.generation = 0; }), Breach::PayloadOutOfRange);
}

// PayloadSize

TEST_P(BreachOf, an_inline_payload_that_fills_its_slot_is_honest) {
  EXPECT_EQ(forged_inline([](MessageHeader& header) { header.payload_bytes = kInlineBytesMax; }), Breach::None);
  EXPECT_EQ(accepted, 1);
}

TEST_P(BreachOf, an_inline_payload_one_byte_larger_than_its_slot_is_payload_size) {
  EXPECT_EQ(forged_inline([](MessageHeader& header) { header.payload_bytes = kInlineBytesMax + 1; }),
            Breach::PayloadSize);
  EXPECT_EQ(accepted, 0);
}

TEST_P(BreachOf, an_inline_payload_with_an_offset_is_payload_size) {
  EXPECT_EQ(forged_inline([](MessageHeader& header) { header.payload_offset = 8; }), Breach::PayloadSize);
}

TEST_P(BreachOf, a_size_without_a_payload_is_payload_size) {
  const auto nothing_with_a_size = [](MessageHeader& header) { header.place = Place::None; };
  EXPECT_EQ(forged_inline(nothing_with_a_size), Breach::PayloadSize);
}

TEST_P(BreachOf, no_size_without_a_payload_is_honest) {
  EXPECT_EQ(forged_inline([](MessageHeader& header) {
              header.place = Place::None;
              header.payload_bytes = 0;
            }),
            Breach::None);
  EXPECT_EQ(accepted, 1);
}

TEST_P(BreachOf, a_payload_that_fills_its_chunk_is_honest) {
  EXPECT_EQ(forged_chunk([](MessageHeader& header) { header.payload_bytes = 64; }), Breach::None);
  EXPECT_EQ(accepted, 1);
}

TEST_P(BreachOf, a_payload_one_byte_larger_than_its_chunk_is_payload_size) {
  EXPECT_EQ(forged_chunk([](MessageHeader& header) { header.payload_bytes = 65; }), Breach::PayloadSize);
}

TEST_P(BreachOf, a_payload_at_the_end_of_its_chunk_is_honest) {
  EXPECT_EQ(forged_chunk([](MessageHeader& header) { header.payload_offset = 56; }), Breach::None);
}

TEST_P(BreachOf, a_payload_that_reaches_over_the_end_of_its_chunk_is_payload_size) {
  EXPECT_EQ(forged_chunk([](MessageHeader& header) {
              header.payload_offset = 56;
              header.payload_bytes = 9;
            }),
            Breach::PayloadSize);
}

TEST_P(BreachOf, an_offset_that_would_wrap_around_with_its_size_is_payload_size) {
  EXPECT_EQ(forged_chunk([](MessageHeader& header) {
              header.payload_offset = 0xfffffff8;
              header.payload_bytes = 16;
            }),
            Breach::PayloadSize);
}

TEST_P(BreachOf, an_offset_that_is_no_multiple_of_8_is_payload_size) {
  EXPECT_EQ(forged_chunk([](MessageHeader& header) { header.payload_offset = 4; }), Breach::PayloadSize);
}

// PayloadStillHeld

TEST_P(BreachOf, a_chunk_that_is_sent_again_after_it_was_returned_is_honest) {
  ASSERT_EQ(forged_chunk([](MessageHeader&) {}), Breach::None);
  lane.host->receiver.give_back(ChunkId::of(0, 0), 1);
  hostile.forge(ring, 1, chunk_header(LoanedChunk{nullptr, 64, ChunkId::of(0, 0), 2}, 8));
  EXPECT_EQ(look(), Breach::None);
  EXPECT_EQ(accepted, 2);
}

TEST_P(BreachOf, a_chunk_that_is_sent_again_before_it_was_returned_is_payload_still_held) {
  ASSERT_EQ(forged_chunk([](MessageHeader&) {}), Breach::None);
  hostile.forge(ring, 1, chunk_header(LoanedChunk{nullptr, 64, ChunkId::of(0, 0), 2}, 8));
  EXPECT_EQ(look(), Breach::PayloadStillHeld);
  EXPECT_EQ(accepted, 1);
}

// What follows a breach

TEST_P(BreachOf, the_first_breach_is_the_one_that_is_reported) {
  send_to_plugin(3);
  set_positions(1, 1, 2);
  ASSERT_EQ(look(), Breach::PositionAhead);

  set_positions(1, 1, 1);
  ASSERT_EQ(look(), Breach::PositionAhead);
  set_positions(0, 0, 0);
  give_back(0, {ChunkId::of(5, 5), 1});

  EXPECT_EQ(look(), Breach::PositionAhead);
}

TEST_P(BreachOf, no_message_is_accepted_after_a_broken_message) {
  ASSERT_EQ(forged_inline([](MessageHeader& header) { header.payload_bytes = 1000; }), Breach::PayloadSize);

  EXPECT_EQ(forged_inline([](MessageHeader&) {}), Breach::PayloadSize);
  EXPECT_EQ(accepted, 0);
}

TEST_P(BreachOf, no_message_is_accepted_after_a_broken_commit_word) {
  hostile.side.rings[index][0].commit.store(77);
  ASSERT_EQ(look(), Breach::CommitWord);

  EXPECT_EQ(forged_inline([](MessageHeader&) {}), Breach::CommitWord);
  EXPECT_EQ(accepted, 0);
}

TEST_P(BreachOf, no_return_is_accepted_after_a_broken_tag) {
  const auto loan = send_chunk(*lane.host, inbound.pool, ring, "x");
  hostile.side.returns[0] = 9;
  ASSERT_EQ(look(), Breach::ReturnTag);

  give_back(0, {loan.chunk, loan.generation});

  EXPECT_EQ(look(), Breach::ReturnTag);
  EXPECT_EQ(lane.host->sender.held(), 1u);
}

TEST_P(BreachOf, what_the_peer_writes_where_nobody_reads_is_no_breach) {
  hostile.side.fixed->header = SideHeader{0xdead, 9, 9, 9, 9, 9, 9, 9};
  hostile.side.fixed->doorbell.rung.store(12345);
  hostile.side.fixed->doorbell.asleep.store(0xffffffff);
  hostile.side.fixed->statistics.handled.store(~0ull);
  std::memset(hostile.pool_memory.data(), 0xff, hostile.pool_memory.size());

  send_text(*lane.host, ring, "x");
  lane.host->sender.wake();

  EXPECT_EQ(look(), Breach::None);
}

TEST(Breaches, each_has_a_name_and_a_sentence_of_its_own) {
  std::set<std::string_view> names;
  std::set<std::string_view> sentences;

  for (int value = 0; value <= static_cast<int>(Breach::Control); ++value) {
    names.insert(name(static_cast<Breach>(value)));
    sentences.insert(describe(static_cast<Breach>(value)));
  }

  EXPECT_EQ(names.size(), 16u);
  EXPECT_EQ(sentences.size(), 16u);
  EXPECT_EQ(name(Breach::PayloadStillHeld), "PayloadStillHeld");
  EXPECT_EQ(name(Breach::Control), "Control");
  EXPECT_EQ(name(static_cast<Breach>(200)), "None");
}

}  // namespace
}  // namespace shunt::bus::test
