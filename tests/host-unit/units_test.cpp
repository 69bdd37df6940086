#include "units.hpp"

#include <shunt/schemas/nearest.hpp>

#include <gtest/gtest.h>

namespace shunt {
namespace {

using namespace std::chrono_literals;

TEST(Units, sizes_are_whole_numbers_of_binary_units) {
  EXPECT_EQ(parse_bytes("0 B"), 0u);
  EXPECT_EQ(parse_bytes("256 B"), 256u);
  EXPECT_EQ(parse_bytes("4KiB"), 4096u);
  EXPECT_EQ(parse_bytes("128 MiB"), 128u << 20);
  EXPECT_EQ(parse_bytes("2 GiB"), 2ull << 30);
}

TEST(Units, a_size_without_a_known_unit_is_refused_with_what_to_write) {
  for (const auto* text : {"", "B", "256", "256 b", "4 KB", "4 kiB", "1.5 KiB", "-1 B", "+1 B", " 1 B", "1 B ", "1  B",
                           "0x10 B", "18446744073709551616 B", "17179869184 GiB"}) {
    const auto bytes = parse_bytes(text);

    ASSERT_FALSE(bytes) << text;
    EXPECT_EQ(bytes.error().code, ErrorCode::BadInput);
    EXPECT_NE(bytes.error().message.find("\"64 KiB\""), std::string::npos) << bytes.error().message;
  }
}

TEST(Units, durations_are_whole_numbers_of_time_units) {
  EXPECT_EQ(parse_duration("7 ns"), 7ns);
  EXPECT_EQ(parse_duration("50us"), 50us);
  EXPECT_EQ(parse_duration("2 ms"), 2ms);
  EXPECT_EQ(parse_duration("3 s"), 3s);
  EXPECT_EQ(parse_duration("1440 min"), 24h);
}

TEST(Units, a_duration_without_a_known_unit_or_above_a_day_is_refused_with_what_to_write) {
  for (const auto* text : {"", "s", "3", "3 sec", "1.5 s", "-1 s", "1441 min", "18446744073709551615 ns", "1 h"}) {
    const auto duration = parse_duration(text);

    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().code, ErrorCode::BadInput);
    EXPECT_NE(duration.error().message.find("\"2 ms\""), std::string::npos) << duration.error().message;
  }
}

TEST(Units, a_size_prints_in_the_largest_unit_that_keeps_it_whole_and_reads_back) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(100), "100 B");
  EXPECT_EQ(bytes_text(4096), "4 KiB");
  EXPECT_EQ(bytes_text(4104), "4104 B");
  EXPECT_EQ(bytes_text(128u << 20), "128 MiB");
  EXPECT_EQ(parse_bytes(bytes_text(3ull << 30)), 3ull << 30);
}

TEST(Units, a_duration_prints_in_the_largest_unit_that_keeps_it_whole_and_reads_back) {
  EXPECT_EQ(duration_text(0ns), "0 ns");
  EXPECT_EQ(duration_text(1500us), "1500 us");
  EXPECT_EQ(duration_text(5s), "5 s");
  EXPECT_EQ(duration_text(24h), "1440 min");
  EXPECT_EQ(parse_duration(duration_text(90s)), std::chrono::nanoseconds{90s});
}

TEST(Nearest, the_likely_word_is_suggested_and_an_unlikely_one_is_not) {
  constexpr std::string_view kKnown[] = {"path", "outbound", "inbound", "wait"};

  EXPECT_EQ(nearest("outbond", kKnown), "outbound");
  EXPECT_EQ(nearest("pahts", kKnown), "path") << "a swap counts one";
  EXPECT_EQ(nearest("wiat", kKnown), "wait");
  EXPECT_EQ(nearest("colour", kKnown), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'x'), kKnown), std::nullopt);
  EXPECT_EQ(suggestion("colour", kKnown), "known here: path, outbound, inbound, wait");
  EXPECT_EQ(suggestion("path", {}), "none is known here");
}

}  // namespace
}  // namespace shunt
