/// Structs and last wills, as people see them: JSON in and out without a table around it, and what is left with a host.
#include "running_host.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace shunt::test {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

class Structs : public ProcessTest {
 protected:
  RunningHost host_{{plugin(SURVEYOR)}};
};

TEST_F(Structs, a_call_takes_and_prints_them_as_json) {
  const Json place = host_.ask({"call", "surveyor/measure", R"({"number":21,"x":1.5,"y":-2.5})"});
  const Json scan = host_.ask({"call", "surveyor/sweep", R"({"number":5,"x":0.0,"y":0.0})"});

  EXPECT_EQ(place["reply"], Json::parse(R"({"number":42,"x":1.5,"y":-2.5})"));
  EXPECT_EQ(scan["reply"]["number"], 5);
  ASSERT_EQ(scan["reply"]["ranges"].size(), 100u);
  EXPECT_EQ(scan["reply"]["ranges"][99], 99.0);
}

TEST_F(Structs, json_that_is_none_is_refused_with_the_place) {
  const Ran ran = host_.shunt({"call", "surveyor/measure", "{\"number\":1,\n\"z\":2}"});

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.errors, StartsWith("shunt: BadInput: "));
  EXPECT_THAT(ran.errors, HasSubstr("the JSON is no stage.Place: line 2, "));
}

TEST_F(Structs, one_is_published_and_heard) {
  Process echo{SHUNT, {"echo", "surveyor.places", "--count", "1", "--socket", host_.socket()}};
  echo.read_error_line();

  EXPECT_EQ(host_.ask({"pub", "stage.places", R"({"number":7,"x":0.5,"y":1.0})"})["delivered"], 1);

  EXPECT_EQ(Json::parse(echo.read_line())["number"], 8);
}

TEST_F(Structs, ls_and_inspect_show_what_is_left_for_the_time_after_a_plugin) {
  const Json listed = host_.listed("surveyor");

  ASSERT_EQ(listed["last_wills"].size(), 1u);
  EXPECT_EQ(listed["last_wills"][0],
            Json::parse(R"({"topic":"surveyor.scans","last_will":"blank","bytes":408,"set":1})"));
  EXPECT_THAT(host_.shunt({"ls"}).out,
              ContainsRegex("\nLAST WILL +PLUGIN +TOPIC +BYTES\nblank +surveyor +surveyor.scans +408\n"));
  EXPECT_THAT(host_.shunt({"inspect", "surveyor"}).out,
              ContainsRegex("\nLAST WILL +TOPIC +BYTES +SET\nblank +surveyor.scans +408 +1\n"));
  EXPECT_THAT(host_.shunt({"inspect", SURVEYOR}).out, HasSubstr("stage.Scan, last will \"blank\""));
}

}  // namespace
}  // namespace shunt::test
