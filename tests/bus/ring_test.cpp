// The two halves of a ring over plain memory: order, laps, room, and what each half makes of a lying peer.

#include <shunt/bus/lane_receiver.hpp>
#include <shunt/bus/lane_sender.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::bus {
namespace {

constexpr std::uint32_t kSlots = 16;

struct RingPair {
  std::vector<Slot> slots = std::vector<Slot>(kSlots);
  std::atomic<std::uint64_t> read{0};
  RingWriter writer{slots.data(), kSlots, &read};
  RingReader reader{slots.data(), kSlots, &read};

  void push(std::uint64_t correlation) {
    MessageHeader header;
    header.correlation = correlation;
    writer.push(header, {});
  }
  std::uint64_t pop() {
    const Slot* const slot = reader.peek();
    if (slot == nullptr) return ~0ull;
    const auto correlation = read_once(slot->header).correlation;
    reader.take();
    reader.free();
    return correlation;
  }
};

TEST(Ring, an_empty_ring_gives_nothing_and_no_breach) {
  RingPair ring;

  EXPECT_EQ(ring.reader.peek(), nullptr);
  EXPECT_EQ(ring.reader.breach(), Breach::None);
}

TEST(Ring, messages_come_out_in_the_order_they_went_in_over_many_laps) {
  RingPair ring;

  for (std::uint64_t i = 0; i < 1000 * kSlots + 7; ++i) {
    ASSERT_TRUE(ring.writer.has_room());
    ring.push(i);
    ASSERT_EQ(ring.pop(), i);
  }

  EXPECT_EQ(ring.reader.breach(), Breach::None);
  EXPECT_EQ(ring.writer.breach(), Breach::None);
}

TEST(Ring, header_and_payload_arrive_as_they_were_written) {
  RingPair ring;
  MessageHeader header;
  header.route = 7;
  header.kind = Kind::Reply;
  header.place = Place::Inline;
  header.flags = flag::kRedelivered;
  header.correlation = 0x0123456789abcdef;
  header.parent = 42;
  header.deadline_ns = -1;
  header.payload_bytes = kInlineBytesMax;
  header.status = 3;
  const std::string text(kInlineBytesMax, 'x');

  ring.writer.push(header, std::as_bytes(std::span{text}));
  const Slot* const slot = ring.reader.peek();

  ASSERT_NE(slot, nullptr);
  const MessageHeader found = read_once(slot->header);
  EXPECT_EQ(std::memcmp(&found, &header, sizeof header), 0);
  EXPECT_EQ(std::memcmp(slot->payload.data(), text.data(), text.size()), 0);
}

TEST(Ring, a_full_ring_has_no_room_until_the_reader_frees) {
  RingPair ring;
  for (std::uint64_t i = 0; i < kSlots; ++i) ring.push(i);

  EXPECT_FALSE(ring.writer.has_room());
  EXPECT_EQ(ring.writer.known_room(), 0u);

  ASSERT_NE(ring.reader.peek(), nullptr);
  ring.reader.take();
  EXPECT_FALSE(ring.writer.has_room()) << "a slot that is taken but not freed may still be read";

  ring.reader.free();
  EXPECT_TRUE(ring.writer.has_room());
  EXPECT_EQ(ring.writer.known_room(), 1u);
}

TEST(Ring, the_writer_looks_at_the_readers_line_only_when_the_ring_seems_full) {
  RingPair ring;
  ring.push(0);
  ring.read.store(~0ull);  // a lie that a look would find out

  EXPECT_TRUE(ring.writer.has_room());
  EXPECT_EQ(ring.writer.breach(), Breach::None);

  for (std::uint64_t i = 1; i < kSlots; ++i) ring.push(i);
  EXPECT_FALSE(ring.writer.has_room());
  EXPECT_EQ(ring.writer.breach(), Breach::PositionAhead);
}

TEST(Ring, what_was_sent_can_be_read_back_until_it_is_overwritten) {
  RingPair ring;
  for (std::uint64_t i = 0; i < 20; ++i) {
    ring.push(100 + i);
    ring.pop();
  }

  for (std::uint64_t position = 20 - kSlots; position < 20; ++position)
    EXPECT_EQ(ring.writer.slot(position).header.correlation, 100 + position);
}

TEST(Ring, a_lying_read_position_leaves_the_room_as_it_was) {
  RingPair ring;
  for (std::uint64_t i = 0; i < kSlots; ++i) ring.push(i);
  ring.read.store(4);
  ring.writer.refresh();
  ASSERT_EQ(ring.writer.known_room(), 4u);

  ring.read.store(kSlots + 1);
  ring.writer.refresh();

  EXPECT_EQ(ring.writer.breach(), Breach::PositionAhead);
  EXPECT_EQ(ring.writer.known_room(), 4u);
}

TEST(Ring, the_first_breach_of_a_reader_is_the_one_that_stays) {
  RingPair ring;
  for (std::uint64_t i = 0; i < 4; ++i) ring.push(i);
  ring.read.store(5);
  ring.writer.refresh();
  ASSERT_EQ(ring.writer.breach(), Breach::PositionAhead);

  ring.read.store(3);
  ring.writer.refresh();
  ring.read.store(2);
  ring.writer.refresh();

  EXPECT_EQ(ring.writer.breach(), Breach::PositionAhead);
}

TEST(Ring, a_commit_word_of_the_last_lap_means_nothing_yet_and_any_other_is_a_breach) {
  for (const std::uint64_t delta : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    RingPair ring;
    for (std::uint64_t i = 0; i < kSlots + 3; ++i) {
      ring.push(i);
      ring.pop();
    }

    ring.slots[3].commit.store(4 + delta);  // position 19 sees what position 3 left: 4
    const Slot* const slot = ring.reader.peek();

    EXPECT_EQ(slot, nullptr);
    EXPECT_EQ(ring.reader.breach(), delta == 0 ? Breach::None : Breach::CommitWord);
  }
}

}  // namespace
}  // namespace shunt::bus
