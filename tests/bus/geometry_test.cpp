// Where chunks lie, and which pools cannot be.

#include <shunt/bus/geometry.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::bus {
namespace {

PoolGeometry geometry_of(std::vector<SizeClass> classes) {
  auto geometry = PoolGeometry::of(classes);
  EXPECT_TRUE(geometry.has_value());
  return *geometry;
}

void expect_refused(std::vector<SizeClass> classes, const std::string& part_of_the_sentence) {
  const auto geometry = PoolGeometry::of(classes);

  ASSERT_FALSE(geometry.has_value());
  EXPECT_EQ(geometry.error().code, ErrorCode::BadConfiguration);
  EXPECT_TRUE(geometry.error().message.find(part_of_the_sentence) != std::string::npos) << geometry.error().message;
}

TEST(Geometry, chunks_do_not_overlap_start_on_a_cache_line_and_stay_inside_the_memory) {
  const auto geometry = geometry_of({{8, 5}, {72, 3}, {192, 2}, {4096, 2}});
  std::size_t end_of_last = 0;

  for (std::uint32_t size_class = 0; size_class < 4; ++size_class)
    for (std::uint32_t index = 0; index < geometry.classes()[size_class].chunks; ++index) {
      const auto id = ChunkId::of(size_class, index);
      const std::size_t offset = geometry.offset(id);
      EXPECT_EQ(offset % 64, 0u);
      EXPECT_GE(offset, end_of_last + PoolGeometry::kChunkLead);
      end_of_last = offset + geometry.capacity(id);
    }

  EXPECT_LE(end_of_last, geometry.bytes());
  EXPECT_EQ(geometry.bytes() % 4096, 0u);
}

TEST(Geometry, dense_numbers_every_chunk_once) {
  const auto geometry = geometry_of({{64, 4}, {128, 3}, {1024, 2}});
  std::vector<int> seen(geometry.chunks());

  for (std::uint32_t size_class = 0; size_class < 3; ++size_class)
    for (std::uint32_t index = 0; index < geometry.classes()[size_class].chunks; ++index)
      ++seen.at(geometry.dense(ChunkId::of(size_class, index)));

  EXPECT_EQ(seen, std::vector<int>(9, 1));
}

TEST(Geometry, contains_every_chunk_it_has_and_no_forged_one) {
  const auto geometry = geometry_of({{64, 4}, {128, 3}});

  EXPECT_TRUE(geometry.contains(ChunkId::of(0, 0)));
  EXPECT_TRUE(geometry.contains(ChunkId::of(0, 3)));
  EXPECT_FALSE(geometry.contains(ChunkId::of(0, 4)));
  EXPECT_TRUE(geometry.contains(ChunkId::of(1, 2)));
  EXPECT_FALSE(geometry.contains(ChunkId::of(1, 3)));
  for (const std::uint32_t forged : std::vector<std::uint32_t>{2u << 20, 1u << 24, 0xffffffff})
    EXPECT_FALSE(geometry.contains(ChunkId{forged})) << forged;
}

TEST(Geometry, the_smallest_class_that_fits_is_chosen) {
  const auto geometry = geometry_of({{64, 1}, {256, 1}});

  EXPECT_EQ(geometry.class_for(0), 0u);
  EXPECT_EQ(geometry.class_for(64), 0u);
  EXPECT_EQ(geometry.class_for(65), 1u);
  EXPECT_EQ(geometry.class_for(256), 1u);
  EXPECT_EQ(geometry.class_for(257), std::nullopt);
}

TEST(Geometry, a_pool_without_classes_or_with_too_many_is_refused) {
  std::vector<SizeClass> many;
  for (std::uint32_t i = 0; i < kClassesMax + 1; ++i) many.push_back({64 * (i + 1), 1});
  const std::vector<SizeClass> most{many.begin(), many.end() - 1};

  EXPECT_TRUE(PoolGeometry::of(most).has_value());
  expect_refused({}, "1 to 16 size classes");
  expect_refused(many, "not 17");
}

TEST(Geometry, a_size_that_is_no_multiple_of_8_or_not_above_the_last_is_refused) {
  EXPECT_TRUE(PoolGeometry::of(std::vector<SizeClass>{{64, 1}, {72, 1}}).has_value());
  expect_refused({{0, 1}}, "0 bytes");
  expect_refused({{60, 1}}, "60 bytes");
  expect_refused({{64, 1}, {64, 1}}, "at least 72");
  expect_refused({{128, 1}, {64, 1}}, "at least 136");
}

TEST(Geometry, two_sizes_of_equally_many_lines_are_refused) {
  EXPECT_TRUE(PoolGeometry::of(std::vector<SizeClass>{{8, 16}, {72, 16}, {136, 16}}).has_value());
  expect_refused({{8, 16}, {16, 16}, {4096, 16}}, "at least 72");
  expect_refused({{8, 16}, {64, 16}}, "64-byte lines");
  expect_refused({{72, 1}, {128, 1}}, "at least 136");
}

TEST(Geometry, a_class_without_chunks_or_with_more_than_an_id_can_name_is_refused) {
  EXPECT_TRUE(PoolGeometry::of(std::vector<SizeClass>{{8, ChunkId::kIndexMax}}).has_value());
  expect_refused({{64, 0}}, "0 chunks");
  expect_refused({{8, ChunkId::kIndexMax + 1}}, "use 1 to");
}

TEST(Geometry, a_pool_larger_than_the_limit_is_refused_whatever_the_sizes_add_up_to) {
  expect_refused({{1u << 30, 5}}, "use fewer or smaller chunks");
  expect_refused({{0xfffffff8, 1}}, "use fewer or smaller chunks");
  expect_refused({{0xfffffff8, ChunkId::kIndexMax}}, "use fewer or smaller chunks");
}

}  // namespace
}  // namespace shunt::bus
