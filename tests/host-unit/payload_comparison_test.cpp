/// Payloads that say the same, however they are laid out, and such as do not.
#include "payload_comparison.hpp"

#include "binary_schema.hpp"
#include "payload_json.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace shunt {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes cage(const std::string& json) {
  return payload_from_json(test::payload_schema(test::kEverything, "zoo.Cage"), "zoo.Cage", json).value();
}

bool same(const Bytes& one, const Bytes& another) {
  const std::vector files{test::binary_schema(test::kEverything)};
  return PayloadComparison::of(files, "zoo.Cage").value().same(one, another);
}

/// kCage with a part written otherwise.
std::string cage_with(const std::string& part, const std::string& instead) {
  std::string json = test::kCage;
  const auto at = json.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return json.replace(at, part.size(), instead);
}

TEST(PayloadComparison, takes_a_payload_for_the_same_as_itself) {
  EXPECT_TRUE(same(cage(test::kCage), cage(test::kCage)));
  EXPECT_TRUE(same(cage(R"({"name": ""})"), cage(R"({"name": ""})")));
}

TEST(PayloadComparison, sees_every_kind_of_member_that_is_another) {
  for (const auto& [part, instead] : std::vector<std::pair<std::string, std::string>>{
           {R"("number": 2.5)", R"("number": 2.25)"},
           {R"("name": "a cage")", R"("name": "a Cage")"},
           {R"("colour": "Blue")", R"("colour": "Red")"},
           {R"("flags": "Loud Wild")", R"("flags": "Loud")"},
           {R"("maybe": 7)", R"("maybe": 8)"},
           {R"("length": 3)", R"("length": 4)"},
           {R"("places": [{"x": 1)", R"("places": [{"x": 2)"},
           {R"("animal": {"name": "Rex"})", R"("animal": {"name": "Max"})"},
           {R"({"lives": 3}, "moo")", R"({"lives": 4}, "moo")"},
           {R"({"lives": 3}, "moo")", R"({"lives": 3}, "mow")"},
           {R"("names": ["a", ""])", R"("names": ["a", "b"])"},
           {R"("names": ["a", ""])", R"("names": ["a"])"},
           {R"("colours": ["Red", 7])", R"("colours": ["Red", 0])"},
           {R"("dogs": [{"name": "Rex"}])", R"("dogs": [{"name": "Max"}])"},
           {R"("dogs": [{"name": "Rex"}])", R"("dogs": [])"}}) {
    const Bytes other = cage(cage_with(part, instead));
    EXPECT_FALSE(same(cage(test::kCage), other)) << instead;
    EXPECT_FALSE(same(other, cage(test::kCage))) << instead;
  }
}

TEST(PayloadComparison, takes_what_is_not_there_for_its_default) {
  flatbuffers::FlatBufferBuilder build;
  build.ForceDefaults(true);
  const auto name = build.CreateString("a");
  const auto start = build.StartTable();
  build.AddElement<double>(4, 1.5, 0);       // number, as its default is
  build.AddElement<std::uint8_t>(12, 1, 0);  // colour, likewise
  build.AddOffset(18, name);
  build.Finish(flatbuffers::Offset<flatbuffers::Table>{build.EndTable(start)});
  const Bytes spelled{build.GetBufferPointer(), build.GetBufferPointer() + build.GetSize()};
  const Bytes unsaid = cage(R"({"name": "a"})");

  EXPECT_NE(spelled, unsaid) << "laid out otherwise";
  EXPECT_TRUE(same(spelled, unsaid));
  EXPECT_TRUE(same(unsaid, spelled));
  EXPECT_FALSE(same(unsaid, cage(R"({"name": "a", "number": 0})")));
  EXPECT_FALSE(same(cage(R"({"name": "a", "maybe": 0})"), unsaid)) << "an optional number has no default";
}

TEST(PayloadComparison, does_not_see_fields_that_the_schema_does_not_know) {
  const std::string older = "table T { a: int; }", newer = "table T { a: int; b: string; }";
  const auto made = [&](const std::string& schema, const std::string& json) {
    return payload_from_json(test::payload_schema(schema), "T", json).value();
  };
  const std::vector files{test::binary_schema(older)};
  const auto comparison = PayloadComparison::of(files, "T").value();

  EXPECT_TRUE(comparison.same(made(older, R"({"a": 1})"), made(newer, R"({"a": 1, "b": "appended"})")));
  EXPECT_FALSE(comparison.same(made(older, R"({"a": 1})"), made(newer, R"({"a": 2, "b": "appended"})")));
}

TEST(PayloadComparison, takes_bytes_that_are_no_payload_for_the_same_as_nothing) {
  const Bytes whole = cage(test::kCage);
  for (std::size_t bytes = 0; bytes < whole.size(); bytes += 8) {
    const Bytes piece{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes)};
    EXPECT_FALSE(same(piece, piece)) << bytes;
  }
}

}  // namespace
}  // namespace shunt
