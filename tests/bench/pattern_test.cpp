#include <shunt/bench/pattern.hpp>

#include <vector>

#include <gtest/gtest.h>

namespace shunt::bench {
namespace {

TEST(Pattern, what_is_written_checks_for_its_own_sequence_number_only) {
  const Pattern pattern{64};
  std::vector<std::byte> payload(64);

  pattern.write(payload.data(), 7);

  EXPECT_TRUE(pattern.check(payload.data(), 7));
  EXPECT_FALSE(pattern.check(payload.data(), 6));
  EXPECT_FALSE(pattern.check(payload.data(), 8));
  EXPECT_FALSE(pattern.check(payload.data(), 7 | Pattern::kReply));
}

TEST(Pattern, a_change_of_any_single_bit_is_seen) {
  for (const std::size_t bytes : {8U, 13U, 64U, 71U}) {
    const Pattern pattern{bytes};
    std::vector<std::byte> payload(bytes);
    pattern.write(payload.data(), 3);

    for (std::size_t i = 0; i < bytes; ++i)
      for (int bit = 0; bit < 8; ++bit) {
        payload[i] ^= std::byte{1} << bit;
        EXPECT_FALSE(pattern.check(payload.data(), 3)) << "byte " << i << " of " << bytes << ", bit " << bit;
        payload[i] ^= std::byte{1} << bit;
      }
  }
}

TEST(Pattern, no_byte_is_written_beyond_the_payload) {
  std::vector<std::byte> payload(24, std::byte{0xee});

  Pattern{13}.write(payload.data(), 1);

  for (std::size_t i = 13; i < payload.size(); ++i) EXPECT_EQ(payload[i], std::byte{0xee}) << "byte " << i;
}

TEST(Pattern, an_empty_or_stale_payload_does_not_check) {
  const Pattern pattern{64};
  std::vector<std::byte> payload(64);

  EXPECT_FALSE(pattern.check(payload.data(), 0));
  pattern.write(payload.data(), 0);
  EXPECT_FALSE(pattern.check(payload.data(), 256)) << "the slot's previous message";
}

TEST(Pattern, asked_to_spoil_it_spoils_one_payload_in_so_many) {
  const Pattern pattern{64, 10};
  std::vector<std::byte> payload(64);
  int spoiled = 0;

  for (std::uint64_t sequence = 0; sequence < 100; ++sequence) {
    pattern.write(payload.data(), sequence);
    spoiled += pattern.check(payload.data(), sequence) ? 0 : 1;
  }

  EXPECT_EQ(spoiled, 10);
}

}  // namespace
}  // namespace shunt::bench
