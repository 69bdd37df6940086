#include "escaped.hpp"

#include <gtest/gtest.h>

namespace shunt::host {
namespace {

TEST(Escaped, plain_text_in_any_language_stands_as_it_is) {
  for (const std::string_view text : {"", "std::vector<int>::at: 7 >= 3", "größer", "時計", "😀", "a \\ b"})
    EXPECT_EQ(escaped(text, 100), text);
}

TEST(Escaped, nothing_ends_a_line_or_steers_a_terminal) {
  EXPECT_EQ(escaped("a\nb\tc\rd", 100), "a\\x0ab\\x09c\\x0dd");
  EXPECT_EQ(escaped("\x1b[2J", 100), "\\x1b[2J");
  EXPECT_EQ(escaped("\x7f", 100), "\\x7f");
  EXPECT_EQ(escaped(std::string_view{"\0", 1}, 100), "\\x00");
  EXPECT_EQ(escaped("\u009b2J", 100), "\\xc2\\x9b2J") << "a control sequence in one character";
  EXPECT_EQ(escaped("\u202eabc", 100), "\\xe2\\x80\\xaeabc") << "written from right to left";
  EXPECT_EQ(escaped("\u2028", 100), "\\xe2\\x80\\xa8");
}

TEST(Escaped, bytes_that_are_no_utf_8_are_shown_one_by_one) {
  EXPECT_EQ(escaped("a\xff"
                    "b",
                    100),
            "a\\xff"
            "b");
  EXPECT_EQ(escaped("\xc3", 100), "\\xc3") << "cut short";
  EXPECT_EQ(escaped("\xc0\xaf", 100), "\\xc0\\xaf") << "longer than it has to be";
  EXPECT_EQ(escaped("\xe0\x80\x80", 100), "\\xe0\\x80\\x80");
  EXPECT_EQ(escaped("\xed\xa0\x80", 100), "\\xed\\xa0\\x80") << "half of a pair";
  EXPECT_EQ(escaped("\xf5\x80\x80\x80", 100), "\\xf5\\x80\\x80\\x80") << "beyond the last one";
  EXPECT_EQ(escaped("\x80", 100), "\\x80");
}

TEST(Escaped, what_is_too_long_is_cut_and_says_so) {
  EXPECT_EQ(escaped("abcdef", 6), "abcdef");
  EXPECT_EQ(escaped("abcdefg", 6), "abcdef...");
  EXPECT_EQ(escaped("größer", 3), "gr\\xc3...") << "inside a character";
}

}  // namespace
}  // namespace shunt::host
