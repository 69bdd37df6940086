// The numbers of a manifest, for plugins in C.
#include "compiling.hpp"
#include "writers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kManifest = R"([plugin]
name = "price-watch"
version = "1.4.0-beta.1"
abi = 3
schemas = ["market.fbs"]
[functions.signal]
request = "market.Bar"
reply = "market.Signal"
[functions.first-bar]
request = "market.Bar"
reply = "market.Bar"
[topics.in]
"market.bars" = "market.Bar"
)";

TEST(CHeader, numbers_functions_and_topics_as_the_abi_does_and_leaves_out_what_there_is_none_of) {
  const Compiled compiled(kManifest);
  ASSERT_EQ(compiled.problems(), "");

  const auto header = compiler::c_header(compiled.resolved());

  EXPECT_EQ(compiled.resolved().declaration.functions[0].name, "first-bar") << "which is place 0 everywhere";
  EXPECT_THAT(header, HasSubstr("#define PRICE_WATCH_VERSION \"1.4.0-beta.1\"\n"));
  EXPECT_THAT(header, HasSubstr("  PRICE_WATCH_FUNCTION_FIRST_BAR = 0,\n  PRICE_WATCH_FUNCTION_SIGNAL = 1,\n"));
  EXPECT_THAT(header, HasSubstr("  PRICE_WATCH_TOPIC_IN_MARKET_BARS = 0,\n"));
  EXPECT_THAT(header, Not(HasSubstr("TOPIC_OUT")));
  EXPECT_THAT(header, Not(HasSubstr("CALL")));
}

}  // namespace
}  // namespace shunt::test
