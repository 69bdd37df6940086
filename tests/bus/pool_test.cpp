// The allocating end of a pool: what is loaned, recycled and counted, and where iceoryx put the chunks.

#include "lane_pair.hpp"

#include <shunt/bus/pool.hpp>

#include <cstring>
#include <limits>
#include <memory>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::bus {
namespace {

using test::must;

struct PoolInMemory {
  explicit PoolInMemory(std::vector<SizeClass> classes) : geometry(must(PoolGeometry::of(classes))) {}

  PoolGeometry geometry;
  UniqueFd memory = must(create_memory("test: pool", geometry.bytes()));
  Mapping mapping = must(Mapping::map(memory.get(), geometry.bytes(), Access::ReadWrite));
  ChunkPool pool = must(ChunkPool::create(geometry, mapping.data()));
};

TEST(Pool, a_loan_is_of_the_smallest_class_that_fits_and_writable_to_its_last_byte) {
  PoolInMemory memory{{{64, 2}, {1000, 2}}};

  const auto small = memory.pool.loan(64);
  const auto large = memory.pool.loan(65);

  ASSERT_TRUE(small && large);
  EXPECT_EQ(small->chunk.size_class(), 0u);
  EXPECT_EQ(small->capacity, 64u);
  EXPECT_EQ(large->chunk.size_class(), 1u);
  EXPECT_EQ(large->capacity, 1000u);
  std::memset(small->data, 1, small->capacity);
  std::memset(large->data, 2, large->capacity);
  EXPECT_EQ(small->data[63], std::byte{1});
}

TEST(Pool, a_chunk_made_ready_is_free_until_it_is_loaned_and_is_the_next_and_the_last_one_too) {
  PoolInMemory memory{{{64, 2}}};
  const auto first = memory.pool.loan(64);

  for (int times = 0; times < 3; ++times) memory.pool.prepare(0, 0, 64);
  EXPECT_EQ(memory.pool.free_chunks(0), 1u);
  EXPECT_EQ(memory.pool.used_chunks(), 1u);
  const auto last = memory.pool.loan(64);
  ASSERT_TRUE(last);
  EXPECT_NE(last->data, first->data);
  EXPECT_EQ(last->generation, memory.pool.generation(last->chunk));
  EXPECT_EQ(memory.pool.free_chunks(0), 0u);
  memory.pool.prepare(0, 0, 64);
  EXPECT_FALSE(memory.pool.loan(64));

  memory.pool.release(first->chunk);
  memory.pool.prepare(0, 0, 64);
  EXPECT_EQ(memory.pool.loan(64)->data, first->data);
}

TEST(Pool, iceoryx_places_every_chunk_header_where_the_geometry_says) {
  PoolInMemory memory{{{8, 3}, {200, 2}, {4096, 2}}};

  for (std::uint32_t size_class = 0; size_class < 3; ++size_class)
    for (std::uint32_t index = 0; index < memory.geometry.classes()[size_class].chunks; ++index) {
      const auto id = ChunkId::of(size_class, index);
      std::byte* const payload = memory.pool.payload(id);
      // The first words of an iceoryx chunk header: the size of the whole chunk, which iceoryx promises never to move.
      std::uint32_t chunk_bytes = 0;
      std::memcpy(&chunk_bytes, payload - PoolGeometry::kChunkLead, sizeof chunk_bytes);

      EXPECT_EQ(payload, memory.mapping.data() + memory.geometry.offset(id));
      EXPECT_EQ(chunk_bytes, PoolGeometry::kChunkLead + (memory.geometry.capacity(id) + 63) / 64 * 64);
    }
}

TEST(Pool, writing_every_payload_in_full_harms_no_chunk_header_and_no_neighbour) {
  PoolInMemory memory{{{8, 3}, {200, 2}}};
  std::vector<LoanedChunk> loans;
  for (const std::size_t bytes : {8, 8, 8, 200, 200}) loans.push_back(*memory.pool.loan(bytes));

  const auto headers = [&] {
    std::vector<std::byte> bytes;
    for (const auto& loan : loans) bytes.insert(bytes.end(), loan.data - PoolGeometry::kChunkLead, loan.data);
    return bytes;
  };
  const auto headers_before = headers();

  for (std::size_t i = 0; i < loans.size(); ++i) std::memset(loans[i].data, static_cast<int>(i + 1), loans[i].capacity);

  EXPECT_EQ(headers(), headers_before);
  for (std::size_t i = 0; i < loans.size(); ++i) {
    for (std::size_t at = 0; at < loans[i].capacity; ++at) ASSERT_EQ(loans[i].data[at], static_cast<std::byte>(i + 1));
    memory.pool.release(loans[i].chunk);
  }
  EXPECT_EQ(memory.pool.used_chunks(), 0u);
}

TEST(Pool, the_chunk_that_came_back_last_is_loaned_first) {
  PoolInMemory memory{{{64, 3}}};
  const auto first = *memory.pool.loan(1);
  const auto second = *memory.pool.loan(1);
  ASSERT_EQ(first.chunk.index(), 0u);
  ASSERT_EQ(second.chunk.index(), 1u);

  memory.pool.release(second.chunk);
  memory.pool.release(first.chunk);

  EXPECT_EQ(memory.pool.loan(1)->chunk, first.chunk);
  EXPECT_EQ(memory.pool.loan(1)->chunk, second.chunk);
  EXPECT_EQ(memory.pool.loan(1)->chunk.index(), 2u);
}

TEST(Pool, a_class_that_is_used_up_does_not_fall_through_to_a_larger_one) {
  PoolInMemory memory{{{64, 1}, {128, 1}}};
  const auto only = *memory.pool.loan(10);

  EXPECT_FALSE(memory.pool.loan(10).has_value());
  EXPECT_EQ(memory.pool.free_chunks(1), 1u);

  memory.pool.release(only.chunk);
  EXPECT_TRUE(memory.pool.loan(10).has_value());
}

TEST(Pool, more_than_the_largest_class_is_refused_and_not_an_abort) {
  PoolInMemory memory{{{64, 1}}};

  EXPECT_FALSE(memory.pool.loan(65).has_value());
  EXPECT_FALSE(memory.pool.loan(std::numeric_limits<std::size_t>::max()).has_value());
  EXPECT_EQ(memory.pool.used_chunks(), 0u);
}

TEST(Pool, a_chunk_is_free_when_its_last_holder_lets_go_and_not_before) {
  PoolInMemory memory{{{64, 1}}};
  const auto loan = *memory.pool.loan(1);
  memory.pool.hold(loan.chunk);
  memory.pool.hold(loan.chunk);

  memory.pool.release(loan.chunk);
  memory.pool.release(loan.chunk);
  EXPECT_FALSE(memory.pool.loan(1).has_value());

  memory.pool.release(loan.chunk);
  EXPECT_TRUE(memory.pool.loan(1).has_value());
}

TEST(Pool, every_loan_of_a_chunk_has_a_generation_of_its_own) {
  PoolInMemory memory{{{64, 1}}};
  std::set<std::uint32_t> generations;

  for (int i = 0; i < 1000; ++i) {
    const auto loan = *memory.pool.loan(1);
    EXPECT_EQ(memory.pool.generation(loan.chunk), loan.generation);
    generations.insert(loan.generation);
    memory.pool.release(loan.chunk);
  }

  EXPECT_EQ(generations.size(), 1000u);
  EXPECT_FALSE(generations.contains(0));
}

TEST(Pool, the_generation_after_the_last_is_one_and_never_zero) {
  EXPECT_EQ(ChunkPool::next_generation(0), 1u);
  EXPECT_EQ(ChunkPool::next_generation(1), 2u);
  EXPECT_EQ(ChunkPool::next_generation(0xfffffffe), 0xffffffffu);
  EXPECT_EQ(ChunkPool::next_generation(0xffffffff), 1u);
}

TEST(Pool, a_pool_that_was_moved_serves_as_before) {
  PoolInMemory memory{{{64, 2}}};
  const auto loan = *memory.pool.loan(1);

  ChunkPool moved = std::move(memory.pool);

  EXPECT_EQ(moved.used_chunks(), 1u);
  moved.release(loan.chunk);
  EXPECT_EQ(moved.used_chunks(), 0u);
}

TEST(Pool, pools_come_and_go_many_times_in_one_process) {
  for (int i = 0; i < 200; ++i) {
    PoolInMemory memory{{{64, 4}, {256, 2}}};
    ASSERT_TRUE(memory.pool.loan(200).has_value());
  }
}

TEST(Pool, pools_that_come_and_go_do_not_disturb_those_that_stay) {
  const std::vector<SizeClass> classes{{64, 4}, {256, 2}};
  std::vector<std::unique_ptr<PoolInMemory>> pools;

  for (std::size_t round = 0; round < 50; ++round) {
    for (int i = 0; i < 4; ++i) pools.push_back(std::make_unique<PoolInMemory>(classes));
    for (int i = 0; i < 3; ++i) pools.erase(pools.begin() + static_cast<std::ptrdiff_t>((round * 7) % pools.size()));
    for (const auto& memory : pools) {
      const auto loan = memory->pool.loan(200);
      ASSERT_TRUE(loan.has_value());
      std::memset(loan->data, 0xff, loan->capacity);
      memory->pool.release(loan->chunk);
    }
  }

  while (!pools.empty()) pools.erase(pools.begin());
}

TEST(PoolDeathTest, releasing_a_chunk_twice_is_our_own_bug_and_ends_the_process) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  PoolInMemory memory{{{64, 1}}};
  const auto loan = *memory.pool.loan(1);
  memory.pool.release(loan.chunk);

  EXPECT_DEATH(memory.pool.release(loan.chunk), "internal error");
}

}  // namespace
}  // namespace shunt::bus
