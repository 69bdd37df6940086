/// route: who gets what goes over a route, shown and changed.
#include "running_host_test.hpp"

#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

class Route : public RunningHostTest {
 protected:
  Route() : RunningHostTest({plugin(ACTOR), plugin(ACTOR_2), plugin(PARTNER)}) {}
  int answers_of_second(int calls) {
    int count = 0;
    for (int i = 0; i < calls; ++i)
      count += host_.ask({"call", "actor/act", order("Echo")})["reply"]["version"].get<int>() == 2 ? 1 : 0;
    return count;
  }
};

TEST_F(Route, shows_who_gets_what) {
  const Ran ran = host_.shunt({"route", "actor/act"});

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, HasSubstr("SHARE"));
  EXPECT_THAT(ran.out, MatchesRegex("[^\n]*\nactor +1\\.0\\.0[^ ]* +0 +100 % +up +0.*"));
  EXPECT_EQ(host_.ask({"route", "actor/act"})["receivers"][0]["share"], 1.0);
}

TEST_F(Route, is_shared_by_weights_and_given_back) {
  const Ran ran = host_.shunt({"route", "actor/act", "1.0.0=3", "2.0.0=1"});

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, HasSubstr("75 %"));
  EXPECT_THAT(ran.out, HasSubstr("25 %"));
  EXPECT_NEAR(answers_of_second(20), 5, 2);
  EXPECT_EQ(host_.shunt({"route", "actor/act", "1.0.0=3", "2.0.0=off"}).code, 0);
  EXPECT_EQ(answers_of_second(8), 0);
  EXPECT_EQ(host_.ask({"ls"})["plugins"].size(), 3u) << "it is kept up";
  EXPECT_THAT(host_.shunt({"route", "actor/act", "--reset"}).out, HasSubstr("100 %"));
  EXPECT_EQ(host_.ask({"ls"})["plugins"].size(), 2u);
}

TEST_F(Route, is_shared_by_versions_of_the_plugin_that_is_named) {
  EXPECT_EQ(host_.shunt({"route", "stage.orders", "2.0.0=1", "--plugin", "actor"}).code, 0);
  expect_refused({"route", "stage.orders", "1.0.0=1"},
                 "BadInput: \"stage.orders\" is heard by several plugins: say which of actor, partner");
  expect_refused({"route", "stage.orders", "1.0.0=1", "--plugin", "nobody"},
                 "BadInput: \"nobody\" does not hear \"stage.orders\"; say actor, partner");
}

TEST_F(Route, that_cannot_be_shared_so_is_left_as_it_is) {
  expect_refused({"route", "actor/act", "2.0.0"}, "BadInput: \"2.0.0\": VERSION=WEIGHT is meant");
  expect_refused({"route", "actor/act", "2.0.0=-1"}, "BadInput: \"2.0.0=-1\": VERSION=WEIGHT is meant");
  expect_refused({"route", "actor/act", "=1"}, "BadInput: \"=1\": VERSION=WEIGHT is meant");
  expect_refused({"route", "actor/act", "2.0.0=0"}, "BadInput: nobody would get");
  expect_refused({"route", "actor/act", "9.0.0=1"}, "NoSuchVersion: \"actor\" has no version 9.0.0");
  expect_refused({"route", "actor/act", "2.0.0=1", "--reset"}, "BadInput: --reset stands without weights");
  expect_refused({"route", "actor/art", "2.0.0=1"}, "NoSuchRoute: ");
  expect_refused({"route", "actor"}, "NoSuchRoute: \"actor\" is no route");

  EXPECT_EQ(answers_of_second(4), 0);
}

TEST_F(Route, is_explained_for_a_message) {
  ASSERT_EQ(host_.shunt({"route", "actor/act", "1.0.0=1", "2.0.0=0"}).code, 0);

  const Ran ran = host_.shunt({"route", "actor/act", "--explain", "--hints", "v3,v2;region=bj"});

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, MatchesRegex("PLUGIN +RULE +WHO SUITS\nactor +version 3 +nobody: passed over\n"
                                    "actor +version 2 +2\\.0\\.0[^\n]*\nactor +region=bj +nobody: passed over\n"
                                    "actor +weights +2\\.0\\.0[^ ]* in seat [0-9]+: 100 %\n"));
  EXPECT_THAT(host_.shunt({"route", "actor/act", "--explain"}).out, HasSubstr("1.0.0"));
  EXPECT_THAT(host_.shunt({"route", "actor/act", "--explain", "--key", "EURUSD"}).out, HasSubstr("its key"));
  EXPECT_THAT(host_.shunt({"route", "actor/act", "--explain", "--hints", "v3;required"}).out,
              HasSubstr("nobody: it fails with NoSuchVersion"));
  expect_refused({"route", "actor/act", "--explain", "--hints", "newest"}, "BadInput: hint \"newest\"");
  expect_refused({"route", "actor/act", "--hints", "v2"}, "BadInput: --hints and --key are a message's");
  expect_refused({"route", "actor/act", "--explain", "2.0.0=1"}, "BadInput: --explain changes nothing");
}

TEST_F(Route, of_a_call_is_chosen_by_hints) {
  ASSERT_EQ(host_.shunt({"route", "actor/act", "1.0.0=1", "2.0.0=0"}).code, 0);

  EXPECT_EQ(host_.ask({"call", "actor/act", order("Echo"), "--hints", "v2"})["reply"]["version"], 2);
  EXPECT_EQ(host_.ask({"call", "actor/act", order("Echo")})["reply"]["version"], 1);
  expect_refused({"call", "actor/act", order("Echo"), "--hints", "v3;required"}, "NoSuchVersion: ");
  EXPECT_EQ(host_.ask({"route", "actor/act"})["passed_over"], 1);
}

TEST_F(Route, means_all_that_begin_so) {
  const Ran ran = host_.shunt({"route", "actor/*", "1.0.0=3", "2.0.0=1"});

  EXPECT_EQ(ran.code, 0) << ran;
  EXPECT_THAT(ran.out, HasSubstr("actor/act "));
  EXPECT_THAT(ran.out, HasSubstr("actor/repeat "));
  EXPECT_THAT(ran.out, testing::Not(HasSubstr("partner/act")));
  EXPECT_THAT(ran.out, HasSubstr("25 %"));
  EXPECT_NEAR(answers_of_second(20), 5, 2);
  EXPECT_EQ(host_.shunt({"route", "actor/*", "--reset"}).code, 0);
  EXPECT_EQ(answers_of_second(4), 0);
  expect_refused({"route", "actor/x*", "1.0.0=1"},
                 "NoSuchRoute: no plugin of this host declares a function that begins");
}

}  // namespace
}  // namespace shunt::test
