// Building in place: where a payload ends up, what it costs in loans, and that no loan is lost.
#include "probe_messages.hpp"

#include <shunt/bus/builder.hpp>

#include <map>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

namespace shunt::test {
namespace {

/// Chunks of 256, 4096 and 65536 bytes, checked for double returns.
class Chunks final : public bus::ChunkSource {
 public:
  Result<bus::Loan> loan(std::size_t bytes) override {
    ++loans;
    for (const std::size_t capacity : {256u, 4096u, 65536u}) {
      if (capacity < bytes) continue;
      if (refused.contains(capacity)) return error(ErrorCode::QuotaExceeded, "no {} left", capacity);
      auto& memory = out_[++last_handle_];
      memory.resize(capacity / 8);
      return bus::Loan{reinterpret_cast<std::uint8_t*>(memory.data()), capacity, last_handle_};
    }
    return error(ErrorCode::TooLarge, "{} bytes", bytes);
  }
  void give_back(const bus::Loan& loan) noexcept override { EXPECT_EQ(out_.erase(loan.handle), 1u); }
  [[nodiscard]] std::size_t out() const { return out_.size(); }

  int loans = 0;
  std::map<std::size_t, bool> refused;

 private:
  std::map<std::uint64_t, std::vector<std::uint64_t>> out_;
  std::uint64_t last_handle_ = 0;
};

class Builder : public testing::Test {
 protected:
  /// Builds a response of `count` numbers, checks that it reads back, and gives its chunk back.
  Result<bus::Built> numbers(std::size_t count, bus::Payload payload = bus::Payload::Auto) {
    chunks_.loans = 0;
    bus::InPlaceBuilder builder({scratch_, sizeof scratch_}, chunks_);
    auto built = builder.build<probe::Response>(
        [&](auto& build) {
          std::vector<std::uint64_t> values(count);
          for (std::size_t i = 0; i < count; ++i) values[i] = i;
          const auto vector = build.CreateVector(values);
          return probe::CreateResponse(build, static_cast<std::int64_t>(count), 0, vector);
        },
        hint_, payload);
    if (!built) return built;
    const auto* root = as_response({built->sample.data + built->offset, built->bytes});
    EXPECT_NE(root, nullptr);
    if (root == nullptr) return built;
    EXPECT_EQ(root->numbers()->size(), count);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(root->numbers()->Get(static_cast<unsigned>(i)), i);
    if (built->sample.handle != 0) chunks_.give_back(built->sample);
    return built;
  }

  alignas(8) std::uint8_t scratch_[bus::kScratchBytes];
  Chunks chunks_;
  bus::SizeHint hint_;
};

TEST_F(Builder, what_fits_the_message_stays_in_scratch_and_loans_nothing) {
  const auto built = numbers(10);

  ASSERT_TRUE(built);
  EXPECT_EQ(built->sample.handle, 0u);
  EXPECT_EQ(chunks_.loans, 0);
}

TEST_F(Builder, what_fits_scratch_and_no_message_ends_in_a_chunk) {
  const auto built = numbers(30);

  ASSERT_TRUE(built);
  ASSERT_GT(built->bytes, bus::kInlinePayloadBytes);
  ASSERT_LT(built->bytes, bus::kScratchBytes);
  EXPECT_NE(built->sample.handle, 0u);
  EXPECT_EQ(chunks_.loans, 1);
}

TEST_F(Builder, what_outgrows_scratch_spills_into_a_chunk_and_is_loaned_right_the_next_time) {
  ASSERT_TRUE(numbers(100));
  EXPECT_EQ(chunks_.out(), 0u);

  const auto second = numbers(100);

  ASSERT_TRUE(second);
  EXPECT_EQ(second->sample.capacity, 4096u);
  EXPECT_EQ(chunks_.loans, 1);
}

TEST_F(Builder, a_small_payload_after_a_large_one_is_back_in_scratch) {
  ASSERT_TRUE(numbers(100));
  ASSERT_TRUE(numbers(1));

  const auto third = numbers(1);

  ASSERT_TRUE(third);
  EXPECT_EQ(third->sample.handle, 0u);
}

TEST_F(Builder, a_chunk_is_used_where_one_is_asked_for) {
  const auto built = numbers(1, bus::Payload::Chunk);

  ASSERT_TRUE(built);
  EXPECT_EQ(built->sample.capacity, 256u);
  EXPECT_EQ(chunks_.loans, 1);
}

TEST_F(Builder, every_size_reads_back_on_every_path) {
  for (std::size_t count = 0; count < 8100; count = count * 5 / 4 + 1) {
    ASSERT_TRUE(numbers(count)) << count;
    ASSERT_TRUE(numbers(count)) << count;
    ASSERT_TRUE(numbers(count, bus::Payload::Chunk)) << count;
    hint_.remember(8, 0);  // the next size meets a hint that is far too small
  }
  EXPECT_EQ(chunks_.out(), 0u);
}

TEST_F(Builder, a_payload_that_only_just_fits_the_largest_chunk_is_built_although_growing_asks_for_more) {
  const auto built = numbers(8185);

  ASSERT_TRUE(built) << built.error().message;
  EXPECT_GT(built->bytes, 65500u);
  EXPECT_EQ(built->sample.capacity, 65536u);
}

TEST_F(Builder, a_payload_beyond_every_chunk_is_too_large_and_leaves_no_loan) {
  const auto built = numbers(9000);

  ASSERT_FALSE(built);
  EXPECT_EQ(built.error().code, ErrorCode::TooLarge);
  EXPECT_EQ(chunks_.out(), 0u);
}

TEST_F(Builder, a_small_payload_is_built_although_the_last_one_was_too_large_or_its_class_is_used_up) {
  for (const auto payload : {bus::Payload::Auto, bus::Payload::Chunk}) {
    ASSERT_FALSE(numbers(9000, payload));
    EXPECT_TRUE(numbers(10, payload));

    ASSERT_TRUE(numbers(8000, payload));
    chunks_.refused[65536] = true;
    EXPECT_TRUE(numbers(10, payload));
    chunks_.refused.clear();
  }
  EXPECT_EQ(chunks_.out(), 0u);
}

TEST_F(Builder, a_used_up_size_class_is_quota_exceeded_and_leaves_no_loan) {
  chunks_.refused[4096] = true;

  const auto built = numbers(100);

  ASSERT_FALSE(built);
  EXPECT_EQ(built.error().code, ErrorCode::QuotaExceeded);
  EXPECT_EQ(chunks_.out(), 0u);
}

TEST_F(Builder, a_payload_that_fits_a_smaller_class_than_growing_asked_for_survives_its_shortage) {
  chunks_.refused[4096] = true;

  const auto built = numbers(20, bus::Payload::Chunk);  // 200 bytes: fits 256, but not with what building needs

  ASSERT_TRUE(built) << built.error().message;
  EXPECT_EQ(built->sample.capacity, 256u);
}

TEST_F(Builder, one_that_throws_in_scratch_in_a_chunk_or_on_the_heap_leaves_no_loan) {
  for (const std::size_t bytes : {1u, 1000u, 100'000u}) {
    bus::InPlaceBuilder builder({scratch_, sizeof scratch_}, chunks_);
    EXPECT_THROW((void)builder.build<probe::Response>(
                     [&](auto& build) -> flatbuffers::Offset<probe::Response> {
                       build.CreateString(std::string(bytes, 'x'));
                       throw std::runtime_error("half built");
                     },
                     hint_),
                 std::runtime_error);
    EXPECT_EQ(chunks_.out(), 0u);
  }
}

TEST_F(Builder, a_payload_dropped_by_its_holder_is_the_holders_to_return) {
  bus::InPlaceBuilder builder({}, chunks_);  // no scratch: always a chunk

  const auto built = builder.build<probe::Response>([](auto& build) { return probe::CreateResponse(build, 1); }, hint_);

  ASSERT_TRUE(built);
  EXPECT_NE(built->sample.handle, 0u);
  EXPECT_EQ(chunks_.out(), 1u);
}

}  // namespace
}  // namespace shunt::test
