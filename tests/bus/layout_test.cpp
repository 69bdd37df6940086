// The drawing of a side: where its parts lie, and which foreign memory is refused.

#include "lane_pair.hpp"

#include <string>

#include <gtest/gtest.h>

namespace shunt::bus {
namespace {

using test::must;

struct FormattedSide {
  explicit FormattedSide(SideShape side_shape) : shape(side_shape) { format_side(mapping.data(), shape); }

  SideHeader& header() { return reinterpret_cast<Side*>(mapping.data())->header; }
  Status check() { return check_side(mapping.data(), mapping.size(), shape); }

  SideShape shape;
  UniqueFd memory = must(create_memory("test: side", shape.bytes()));
  Mapping mapping = must(Mapping::map(memory.get(), shape.bytes(), Access::ReadWrite));
};

void expect_mismatch(const Status& status, std::initializer_list<const char*> parts_of_the_sentence) {
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, ErrorCode::LayoutMismatch);
  for (const char* part : parts_of_the_sentence)
    EXPECT_TRUE(status.error().message.find(part) != std::string::npos)
        << part << " is not in: " << status.error().message;
}

TEST(Layout, the_parts_of_a_side_lie_as_drawn) {
  const FormattedSide side{must(SideShape::of(16, 6))};

  const auto view = SideView::of(side.mapping.data(), side.shape);
  const auto offset = [&](const void* part) { return static_cast<const std::byte*>(part) - side.mapping.data(); };

  EXPECT_EQ(offset(&view.fixed->header), 0);
  EXPECT_EQ(offset(&view.fixed->positions), 64);
  EXPECT_EQ(offset(&view.fixed->doorbell), 128);
  EXPECT_EQ(offset(&view.fixed->statistics), 192);
  EXPECT_EQ(offset(&view.fixed->crash), 384);
  EXPECT_EQ(offset(&view.fixed->pool), 256);
  EXPECT_EQ(offset(view.returns), 1408);
  EXPECT_EQ(offset(view.rings[0]), 1536) << "the first multiple of a slot behind 8 return slots";
  EXPECT_EQ(offset(view.rings[1]), 1536 + 16 * 256);
  EXPECT_EQ(offset(view.standings), 1536 + 2 * 16 * 256) << "a byte for each of 16 slots";
  EXPECT_EQ(side.shape.bytes(), 12288u) << "1536 + 2 * 16 * 256 + 16, in whole pages";
}

TEST(Layout, no_part_reaches_into_the_next_for_any_shape) {
  for (const std::uint32_t slots : {16u, 256u, 65536u})
    for (const std::uint32_t chunks : {0u, 1u, 9u, 1000u, 100'000u}) {
      const auto shape = must(SideShape::of(slots, chunks));

      EXPECT_GE(shape.return_slots, chunks);
      EXPECT_GE(shape.ring_offset(Ring::Data), kReturnRingOffset + std::size_t{shape.return_slots} * 8);
      EXPECT_EQ(shape.ring_offset(Ring::Data) % kCacheLine, 0u);
      EXPECT_EQ(shape.ring_offset(Ring::Reply), shape.ring_offset(Ring::Data) + std::size_t{slots} * kSlotBytes);
      EXPECT_GE(shape.standings_offset(), shape.ring_offset(Ring::Reply) + std::size_t{slots} * kSlotBytes);
      EXPECT_GE(shape.bytes(), shape.standings_offset() + slots);
    }
}

TEST(Layout, a_ring_that_is_no_power_of_two_or_out_of_range_is_refused) {
  EXPECT_TRUE(SideShape::of(16, 0).has_value());
  EXPECT_TRUE(SideShape::of(65536, 0).has_value());
  for (const std::uint32_t slots : {0u, 8u, 17u, 100u, 131072u}) {
    const auto shape = SideShape::of(slots, 0);
    ASSERT_FALSE(shape.has_value()) << slots;
    EXPECT_EQ(shape.error().code, ErrorCode::BadConfiguration);
  }
  EXPECT_EQ(SideShape::of(16, 1u << 24).error().code, ErrorCode::BadConfiguration);
}

TEST(Layout, a_side_is_accepted_by_the_shape_that_made_it) {
  FormattedSide side{must(SideShape::of(16, 6))};

  EXPECT_TRUE(side.check().has_value());
}

TEST(Layout, a_foreign_magic_is_refused_naming_both) {
  FormattedSide side{must(SideShape::of(16, 6))};
  side.header().magic = 0xcafe;

  expect_mismatch(side.check(), {"0x0000cafe", "0x53484e54"});
}

TEST(Layout, a_foreign_layout_version_is_refused_naming_both) {
  FormattedSide side{must(SideShape::of(16, 6))};
  side.header().layout = 9;

  expect_mismatch(side.check(), {"v9", "v2"});
}

TEST(Layout, a_foreign_shape_is_refused_naming_both) {
  FormattedSide side{must(SideShape::of(16, 6))};

  side.header().slots = 32;
  expect_mismatch(side.check(), {"32 slots", "16 slots"});
  side.header().slots = 16;

  side.header().return_slots = 64;
  expect_mismatch(side.check(), {"64 return slots", "8 return slots"});
  side.header().return_slots = 8;

  side.header().slot_bytes = 128;
  expect_mismatch(side.check(), {"128 bytes", "256 bytes"});
  side.header().slot_bytes = 256;

  side.header().rings = 3;
  expect_mismatch(side.check(), {"3 rings", "2 rings"});
  side.header().rings = 2;

  side.header().side_bytes = 4096;
  expect_mismatch(side.check(), {"4096", "12288"});
  side.header().side_bytes = 12288;

  EXPECT_TRUE(side.check().has_value());
}

TEST(Layout, memory_too_short_for_a_header_or_for_its_shape_is_refused) {
  FormattedSide side{must(SideShape::of(16, 6))};

  expect_mismatch(check_side(side.mapping.data(), 8, side.shape), {"8 bytes"});
  expect_mismatch(check_side(side.mapping.data(), 8192, side.shape), {"8192", "12288"});
}

TEST(Layout, a_plugin_refuses_a_lane_of_another_layout_version) {
  test::InboundPool inbound;
  test::LanePair lane{inbound};
  lane.host->mine().header.layout = 1;

  const auto opened = LaneEnd::open_plugin(lane.shape, lane.memory, inbound.memory.get(), {});

  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::LayoutMismatch);
}

TEST(Layout, a_plugin_refuses_memory_of_another_size_than_agreed) {
  test::InboundPool inbound;
  test::LanePair lane{inbound};
  const auto larger = must(LaneShape::of(256, test::kTestClasses, test::kTestClasses));

  const auto opened = LaneEnd::open_plugin(larger, lane.memory, inbound.memory.get(), {});

  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::BadInput);
  EXPECT_TRUE(opened.error().message.find("were agreed") != std::string::npos) << opened.error().message;
}

}  // namespace
}  // namespace shunt::bus
