/// The time at which what a message tells of came about, in the gaps of its header.
#include <shunt/bus/message.hpp>
#include <shunt/schemas/origin.hpp>

#include <gtest/gtest.h>

namespace shunt::bus {
namespace {

TEST(Origin, each_time_that_can_be_told_comes_back_as_it_was) {
  for (const std::int64_t ns :
       {std::int64_t{1}, std::int64_t{0xffff'ffff}, std::int64_t{1} << 32, std::int64_t{1} << 47, std::int64_t{1} << 48,
        std::int64_t{0x12'3456'789a'bcde}, shunt::Origin::kMaxNs}) {
    MessageHeader header;
    set_origin(header, ns);

    EXPECT_EQ(origin_of(header), ns);
  }
}

TEST(Origin, a_header_that_nobody_told_has_none) {
  MessageHeader header;
  EXPECT_EQ(origin_of(header), 0);

  header.origin_low = 7;  // of an earlier message in the same slot
  EXPECT_EQ(origin_of(header), 0);
}

TEST(Origin, it_leaves_every_other_flag_as_it_was) {
  MessageHeader header;
  header.flags = flag::kUrgent | flag::kRedelivered;
  MessageHeader cause;
  set_origin(cause, 99);

  take_origin(header, MessageHeader{});
  EXPECT_EQ(header.flags, flag::kUrgent | flag::kRedelivered);
  take_origin(header, cause);

  EXPECT_EQ(origin_of(header), 99);
  EXPECT_EQ(header.flags, flag::kUrgent | flag::kRedelivered | flag::kOrigin);
}

TEST(Origin, what_cannot_be_told_is_the_nearest_that_can) {
  EXPECT_EQ(shunt::Origin::at(std::chrono::nanoseconds{-3}).raw(), 1);
  EXPECT_EQ(shunt::Origin::at(std::chrono::nanoseconds::max()).raw(), shunt::Origin::kMaxNs);
  EXPECT_EQ(shunt::Origin{}.raw(), 0);
  EXPECT_EQ(shunt::Origin::now().raw(), shunt::Origin::kNow);
}

}  // namespace
}  // namespace shunt::bus
