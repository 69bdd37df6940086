/// What there is for the case that calls fail, shown: breakers window by window, fallbacks, and what has none.
#include "running_host_test.hpp"

#include <numeric>

namespace shunt::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class Guarded : public RunningHostTest {
 protected:
  Guarded()
      : RunningHostTest({plugin(ACTOR, "active = true"), plugin(ACTOR_2),
                         "[routes.\"actor/act\"]\nlts = \"2.0.0\"\n"
                         "breaker = { windows = 2, window = \"60 min\", below_for = \"0 s\", calls_min = 3 }\n"
                         "fallback = '{\"number\": 99}'\nwait = \"sleep\"\n"}) {}
};

TEST_F(Guarded, functions_show_their_breakers_window_by_window) {
  EXPECT_EQ(host_.shunt({"call", "actor/act", order("Echo")}).code, 0);
  EXPECT_EQ(host_.shunt({"call", "actor/act", order("Throw")}).code, 0);

  const Ran ran = host_.shunt({"route", "actor/act", "--windows"});

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, ContainsRegex("1\\.0\\.0[^ ]* +Closed +2\\.0\\.0[^ ]* +-[0-9]+ ms +2 +1 +0 +50\\.0 %"));
  const Json breakers = host_.ask({"route", "actor/act", "--windows"});
  ASSERT_EQ(breakers.size(), 1u) << breakers;
  EXPECT_EQ(breakers[0]["windows"][0]["failed"], 1);
  EXPECT_EQ(host_.shunt({"call", "actor/act", order("Throw")}).code, 0);
  EXPECT_TRUE(await([&] { return host_.ask({"route", "actor/act", "--windows"})[0]["state"] == "Open"; }));
  EXPECT_EQ(host_.ask({"call", "actor/act", order("Echo")})["reply"]["version"], 2) << "the lts answers";
}

TEST_F(Guarded, functions_without_a_breaker_have_no_windows) {
  expect_refused({"route", "actor/repeat", "--windows"}, "BadInput: \"actor/repeat\" has no breaker: set its `lts`");
  expect_refused({"route", "actor/act", "--windows", "--reset"}, "BadInput: --windows changes nothing");
  expect_refused({"route", "actor", "--windows"}, "NoSuchRoute: \"actor\" is no route");
}

TEST_F(Guarded, a_fallback_is_told_from_an_answer) {
  const Json answered = host_.ask({"call", "actor/act", order("Echo")});
  const Json fell_back = host_.ask({"call", "actor/act", order("Throw")});

  EXPECT_FALSE(answered.contains("fallback"));
  EXPECT_EQ(fell_back["reply"]["number"], 99);
  EXPECT_EQ(fell_back["fallback"], true);
  EXPECT_THAT(host_.shunt({"call", "actor/act", order("Throw")}).errors, HasSubstr("the function's fallback"));
  EXPECT_TRUE(await([&] { return host_.shunt({"inspect", "actor"}).out.find("FellBack") != std::string::npos; }));
}

TEST_F(Guarded, functions_are_listed_with_what_they_have) {
  const Ran ran = host_.shunt({"audit", "--coverage"});

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, ContainsRegex("actor/act +3000 ms +0 +2\\.0\\.0[^ ]*, conforms +yes"));
  EXPECT_THAT(ran.out, ContainsRegex("actor/repeat +3000 ms +3 +none +none"));
  EXPECT_THAT(ran.out, HasSubstr("Of 2 functions 1 have an lts and 1 a fallback."));
  const Json functions = host_.ask({"audit", "--coverage"});
  ASSERT_EQ(functions.size(), 2u) << functions;
  EXPECT_EQ(functions[0]["fallback"], true);
  EXPECT_EQ(functions[1]["retries"], 3);
}

}  // namespace
}  // namespace shunt::test
