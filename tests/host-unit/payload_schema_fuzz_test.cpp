// Reflection schemas as no compiler writes them: whatever the bytes, they are read or refused, and what was read can be
// compared, by FlatBuffers too.
#include "binary_schema.hpp"
#include "schema_change.hpp"

#include <cstring>
#include <random>

#include <gtest/gtest.h>

namespace shunt {
namespace {

using Bytes = std::vector<std::byte>;

class HostileSchema : public testing::Test {
 protected:
  HostileSchema() : good_(test::binary_schema(test::kEverything).bytes), reference_(read(good_).value()) {}

  static Result<PayloadSchema> read(Bytes bytes) {
    const std::vector files{BinarySchema{"hostile.fbs", std::move(bytes)}};
    return read_payload_schema(files, {"zoo.Cage"});
  }

  void expect_read_or_refused(const Bytes& bytes) {
    const auto schema = read(bytes);
    if (!schema) {
      ASSERT_EQ(schema.error().code, ErrorCode::BadSchema) << to_string(schema.error());
      ++refused_;
      return;
    }
    ++read_;
    EXPECT_EQ(compare_schemas(*schema, reference_).text.empty(), compare_schemas(reference_, *schema).text.empty());
  }

  Bytes good_;
  PayloadSchema reference_;
  int refused_ = 0;
  int read_ = 0;
};

TEST_F(HostileSchema, cut_short_at_any_length_is_read_or_refused) {
  for (std::size_t size = 0; size < good_.size(); ++size)
    expect_read_or_refused(Bytes(good_.begin(), good_.begin() + static_cast<std::ptrdiff_t>(size)));
}

TEST_F(HostileSchema, with_any_bit_flipped_is_read_or_refused) {
  for (std::size_t bit = 0; bit < 8 * good_.size(); ++bit) {
    auto flipped = good_;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);
    expect_read_or_refused(flipped);
  }

  EXPECT_GT(refused_, 1000);
  EXPECT_GT(read_, 1000) << "documentation and the like may say anything";
}

TEST_F(HostileSchema, with_random_words_in_it_is_read_or_refused) {
  std::mt19937_64 random(20261126);
  const std::uint64_t interesting[] = {0, 1, 2, 7, 15, 17, 18, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff};

  for (int round = 0; round < 20'000; ++round) {
    auto changed = good_;
    for (std::uint64_t words = 1 + random() % 3; words > 0; --words) {
      const auto value = random() % 2 == 0 ? interesting[random() % std::size(interesting)] : random();
      std::memcpy(changed.data() + random() % (changed.size() - 8), &value, 1ull << (random() % 4));
    }
    expect_read_or_refused(changed);
  }
}

}  // namespace
}  // namespace shunt
