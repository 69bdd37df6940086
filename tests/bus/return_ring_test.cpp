// The way back of chunks over plain memory: items, laps beyond what a tag can count, and forged tags.

#include <shunt/bus/return_ring.hpp>

#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::bus {
namespace {

constexpr std::uint32_t kItems = 8;
constexpr unsigned kShift = 3;

struct ReturnPair {
  std::array<std::atomic<std::uint64_t>, kItems> items{};
  ReturnWriter writer{items.data(), kItems};
  ReturnReader reader{items.data(), kItems};
};

TEST(ReturnRing, an_empty_ring_gives_nothing_and_no_breach) {
  ReturnPair ring;

  EXPECT_FALSE(ring.reader.next().has_value());
  EXPECT_EQ(ring.reader.breach(), Breach::None);
}

TEST(ReturnRing, an_item_carries_every_chunk_and_generation_unchanged) {
  ReturnPair ring;
  const std::vector<Returned> items{{ChunkId::of(0, 0), 1},
                                    {ChunkId::of(ChunkId::kClassMax, ChunkId::kIndexMax), 0xffffffff},
                                    {ChunkId::of(3, 70'000), 0x80000001}};

  for (const Returned& item : items) ring.writer.give_back(item);

  for (const Returned& item : items) {
    const auto found = ring.reader.next();
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->chunk, item.chunk);
    EXPECT_EQ(found->generation, item.generation);
  }
  EXPECT_FALSE(ring.reader.next().has_value());
}

TEST(ReturnRing, laps_beyond_what_a_tag_can_count_lose_and_repeat_nothing) {
  ReturnPair ring;
  std::uint32_t taken = 0;

  for (std::uint32_t given = 1; given <= kItems * 255 * 3 + 5; ++given) {
    ring.writer.give_back({ChunkId::of(1, given % 1000), given});
    if (given % 5 != 0) continue;  // the reader lags behind by up to five, and crosses laps at every offset
    while (const auto item = ring.reader.next()) {
      ASSERT_EQ(item->generation, ++taken);
      ASSERT_EQ(item->chunk, ChunkId::of(1, taken % 1000));
    }
  }
  while (const auto item = ring.reader.next()) ASSERT_EQ(item->generation, ++taken);

  EXPECT_EQ(taken, kItems * 255 * 3 + 5);
  EXPECT_EQ(ring.reader.breach(), Breach::None);
}

TEST(ReturnRing, a_tag_is_never_zero_and_differs_from_lap_to_lap) {
  for (std::uint64_t lap = 0; lap < 1000; ++lap) {
    const auto tag = return_tag(lap << kShift, kShift);

    EXPECT_GE(tag, 1u);
    EXPECT_LE(tag, 255u);
    EXPECT_EQ(tag, return_tag((lap << kShift) + kItems - 1, kShift));
    EXPECT_NE(tag, return_tag((lap + 1) << kShift, kShift));
  }
}

TEST(ReturnRing, a_forged_tag_is_a_breach_and_the_last_laps_is_not) {
  for (std::uint64_t tag = 0; tag < 256; ++tag) {
    ReturnPair ring;
    for (std::uint32_t i = 1; i <= kItems; ++i) {
      ring.writer.give_back({ChunkId::of(0, i), i});
      ASSERT_TRUE(ring.reader.next().has_value());
    }

    ring.items[0].store(tag);  // the reader expects 2, and 1 stood there
    const bool given = ring.reader.next().has_value();

    EXPECT_EQ(given, tag == 2);
    EXPECT_EQ(ring.reader.breach(), tag == 1 || tag == 2 ? Breach::None : Breach::ReturnTag) << "tag " << tag;
  }
}

}  // namespace
}  // namespace shunt::bus
