/// Every row of docs/wrong-use.md is what the program says when the mistake is made.
#include "mistakes.hpp"
#include "page_rows.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

const std::vector<PageRow>& page() {
  static const std::vector<PageRow> kRows = rows_of(SHUNT_DOCS "/wrong-use.md");
  return kRows;
}

Mistakes all_mistakes() {
  Mistakes all;
  for (const auto& some : {mistakes_in_a_manifest(), mistakes_that_do_not_compile(), mistakes_in_host_toml(),
                           mistakes_in_a_phase(), mistakes_in_a_handler(), mistakes_over_the_c_abi(),
                           mistakes_with_names_and_types(), mistakes_in_a_callback(), mistakes_with_what_is_gone()})
    all.insert(all.end(), some.begin(), some.end());
  return all;
}

/// "A call that is not declared" as "a_call_that_is_not_declared".
std::string test_name(const testing::TestParamInfo<Mistake>& mistake) {
  std::string name;
  for (const char c : mistake.param.what)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!name.empty() && name.back() != '_') name += '_';
  return name;
}

class WrongUse : public HostTest, public testing::WithParamInterface<Mistake> {};

TEST_P(WrongUse, is_answered_with_what_the_page_says) {
  const auto row = std::ranges::find(page(), GetParam().what, &PageRow::mistake);
  ASSERT_NE(row, page().end()) << "docs/wrong-use.md has no such row";

  const std::string said = GetParam().made();

  EXPECT_TRUE(is_like(said, row->said)) << "it says\n  " << said << "\nand the page says\n  " << row->said;
}

INSTANTIATE_TEST_SUITE_P(Page, WrongUse, testing::ValuesIn(all_mistakes()), test_name);

TEST(WrongUsePage, every_row_is_made_here_and_says_what_to_do) {
  std::multiset<std::string> made;
  for (const Mistake& each : all_mistakes()) made.insert(each.what);
  std::multiset<std::string> written;
  for (const PageRow& each : page()) {
    written.insert(each.mistake);
    EXPECT_FALSE(each.cure.empty()) << each.mistake;
  }

  EXPECT_THAT(written, testing::ContainerEq(made));
}

TEST(WrongUsePage, dots_stand_for_any_text_and_everything_else_for_itself) {
  EXPECT_TRUE(is_like("a b c", "a b c"));
  EXPECT_TRUE(is_like("a\nb c", "a… c"));
  EXPECT_TRUE(is_like("abab", "…ab"));
  EXPECT_FALSE(is_like("a b c d", "a b c"));
  EXPECT_FALSE(is_like("a b c", "…b"));
  EXPECT_FALSE(is_like("a b c", "b…"));
  EXPECT_FALSE(is_like("aba", "ab…ba"));
}

}  // namespace
}  // namespace shunt::test
