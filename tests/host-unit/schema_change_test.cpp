// What counts as a change of a schema, and as which.
#include "schema_change.hpp"

#include "binary_schema.hpp"
#include "route_change.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

SchemaDifference difference(const std::string& before, const std::string& after) {
  return compare_schemas(test::payload_schema(before), test::payload_schema(after));
}

void expect(const std::string& before, const std::string& after, SchemaChange change, const std::string& text) {
  const auto found = difference(before, after);
  EXPECT_EQ(found.change, change) << before << " -> " << after << ": " << found.text;
  EXPECT_EQ(found.text, text);
}

TEST(SchemaChange, none_is_found_in_what_only_reads_differently) {
  expect("table A { n: int; } table T { a: A; b: float = 1.5; c: int; }",
         "// a comment\ntable T { c: int (id: 2); b: float = 1.50e0 (id: 1); a: A (id: 0); } table A { n: int = 0; }",
         SchemaChange::None, "");
  const auto everything = test::payload_schema(test::kEverything, "zoo.Cage");
  EXPECT_EQ(compare_schemas(everything, everything).change, SchemaChange::None);
}

TEST(SchemaChange, of_what_no_payload_refers_to_is_none) {
  expect("table T { n: int; } table Unused { a: int; }", "table T { n: int; } table Unused { a: string; }",
         SchemaChange::None, "");
}

TEST(SchemaChange, fields_values_and_members_can_be_appended) {
  expect("table T { n: int; }", "table T { n: int; m: string; }", SchemaChange::Appended, "T.m was appended");
  expect("table T { n: int; }", "table T { n: int; m: string; k: int; }", SchemaChange::Appended,
         "T.k was appended, and 1 more");
  expect("table A { n: int; } union U { A } table T { list: [U]; }",
         "table A { n: int; m: int; } union U { A } table T { list: [U]; }", SchemaChange::Appended,
         "A.m was appended");
  expect("enum E : byte { A } table T { e: E; }", "enum E : byte { A, B } table T { e: E; }", SchemaChange::Appended,
         "E.B was appended");
  expect("table A { n: int; } union U { A } table T { u: U; }",
         "table A { n: int; } table B { n: int; } union U { A, B } table T { u: U; }", SchemaChange::Appended,
         "U.B was appended");
}

TEST(SchemaChange, of_alignment_is_one_of_its_own) {
  expect("struct S { x: float; } table T { s: S; }", "struct S (force_align: 8) { x: float; } table T { s: S; }",
         SchemaChange::Alignment, "the alignment of S was 4 and is 8");
  expect("struct S { x: float; } struct R { s: S; y: int; } table T { r: R; }",
         "struct S (force_align: 8) { x: float; } struct R { s: S; y: int; } table T { r: R; }",
         SchemaChange::Alignment, "R.y was at byte 4 and is at 8, and 2 more");
}

TEST(SchemaChange, of_alignment_and_appended_fields_together_is_another) {
  expect("struct S { x: float; } table T { s: S; }",
         "struct S (force_align: 8) { x: float; } table T { s: S; n: int; }", SchemaChange::Other,
         "both T.n was appended, and the alignment of S was 4 and is 8");
}

struct Break {
  const char* before;
  const char* after;
  const char* text;
};

void PrintTo(const Break& each, std::ostream* stream) { *stream << each.text; }

class BrokenSchema : public testing::TestWithParam<Break> {};

TEST_P(BrokenSchema, is_named_by_type_and_field) {
  expect(GetParam().before, GetParam().after, SchemaChange::Other, GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    ThatFlatBuffersObjectsTo, BrokenSchema,
    testing::Values(Break{"table T { n: int; }", "table T { n: long; }",
                          "T.n was \"int = 0\" and is \"long = 0\" (FlatBuffers: types differ for field: n)"},
                    Break{"table T { n: int = 1; }", "table T { n: int = 2; }",
                          "T.n was \"int = 1\" and is \"int = 2\" (FlatBuffers: defaults differ for field: n)"},
                    Break{"table T { n: int; m: int; }", "table T { m: int; n: int; }",
                          "the id of T.n was 0 and is 1, and 1 more (FlatBuffers: offsets differ for field: m)"},
                    Break{"table T { n: int; m: string; }", "table T { n: int; x: int; }",
                          "T.m was removed (FlatBuffers: field renamed to different type: x)"},
                    Break{"enum E : byte { A, B } table T { e: E; }", "enum E : byte { A, C, B } table T { e: E; }",
                          "E.B was 1 and is 2 (FlatBuffers: values differ for enum: B)"},
                    Break{"struct S { x: int; } table T { s: S; }", "table S { x: int; } table T { s: S; }",
                          "S was a struct and is a table (FlatBuffers: offsets differ for field: x)"},
                    Break{"enum E : byte { A } table T { e: [E]; }", "enum E : ubyte { A } table T { e: [E]; }",
                          "E was a byte and is a ubyte (FlatBuffers: types differ for field: e)"},
                    Break{"table A { n: int; } table B { n: int; } table T { a: A; }",
                          "table A { n: int; } table B { n: int; } table T { a: B; }",
                          "T.a was \"A\" and is \"B\" (FlatBuffers: types differ for field: a)"}));

// FlatBuffers lets these pass, and they are none the less what an old peer stumbles over.
INSTANTIATE_TEST_SUITE_P(
    ThatFlatBuffersLetsPass, BrokenSchema,
    testing::Values(
        Break{"table T { n: int; m: int; }", "table T { n: int; }", "T.m was removed"},
        Break{"table T { n: int; }", "table T { m: int; }", "T.n was removed"},
        Break{"table T { n: int; }", "table T { n: int; m: string (required); }",
              "T.m was appended as required, which no old sender writes"},
        Break{"table T { s: string; }", "table T { s: string (required); }",
              "T.s was \"string\" and is \"string (required)\""},
        Break{"table T { n: int; }", "table T { n: int = null; }", "T.n was \"int = 0\" and is \"int = null\""},
        Break{"table T { n: int; }", "table T { n: int (deprecated); }",
              "T.n was \"int = 0\" and is \"int = 0 (deprecated)\""},
        Break{"table T { n: int; }", "table T { n: int (key); }", "T.n was \"int = 0\" and is \"int = 0 (key)\""},
        Break{"struct S { x: int; } table T { s: S; }", "struct S { x: int; y: int; } table T { s: S; }",
              "S.y was added to a struct, which cannot grow"},
        Break{"enum E : byte { A } table T { e: byte; }", "enum E : byte { A } table T { e: E = A; }",
              "T.e was \"byte = 0\" and is \"E = 0\""},
        Break{"struct S { x: [int: 2]; } table T { s: S; }", "struct S { x: [int: 3]; } table T { s: S; }",
              "S.x was \"[int:2]\" and is \"[int:3]\""},
        Break{"enum E : byte { A, B } table T { e: E; }", "enum E : byte { A } table T { e: E; }", "E.B was removed"},
        Break{"table A { n: int; } table B { n: int; } union U { X: A } table T { u: U; }",
              "table A { n: int; } table B { n: int; } union U { X: B } table T { u: U; }",
              "U.X was \"A\" and is \"B\""}));

// ---- Routes

Manifest manifest() {
  const PayloadType bar{"market.Bar", {1}}, signal{"market.Signal", {2}};
  Manifest manifest;
  manifest.name = "momentum";
  manifest.functions = {{"signal", bar, signal}};
  manifest.calls = {{"risk/check", "^1.2", bar, signal}};
  manifest.topics_in = {{"market.bars", bar}};
  manifest.topics_out = {{"market.signals", signal}};
  return manifest;
}

TEST(RouteChange, none_is_found_between_alike_manifests_and_all_types_are_shared) {
  const auto difference = compare_routes(manifest(), manifest());

  EXPECT_THAT(difference.broken, IsEmpty());
  EXPECT_THAT(difference.added, IsEmpty());
  EXPECT_THAT(difference.shared, ElementsAre("market.Bar", "market.Signal"));
  EXPECT_THAT(difference.rehashed, IsEmpty());
}

TEST(RouteChange, types_whose_hashes_differ_are_told_apart) {
  auto now = manifest();
  now.topics_out[0].type.schema = {7};

  EXPECT_THAT(compare_routes(manifest(), now).rehashed, ElementsAre("market.Signal"));
}

TEST(RouteChange, removed_functions_and_topics_break_what_uses_them) {
  auto now = manifest();
  now.functions.clear();
  now.topics_in.clear();
  now.topics_out.clear();

  EXPECT_THAT(compare_routes(manifest(), now).broken,
              ElementsAre("function signal was removed", "topic in market.bars was removed",
                          "topic out market.signals was removed"));
}

TEST(RouteChange, a_call_that_is_not_made_any_more_breaks_nobody) {
  auto now = manifest();
  now.calls.clear();

  EXPECT_THAT(compare_routes(manifest(), now).broken, IsEmpty());
}

TEST(RouteChange, another_type_breaks_functions_topics_and_calls) {
  auto now = manifest();
  now.functions[0].reply.name = now.calls[0].request.name = now.topics_out[0].type.name = "market.Other";

  EXPECT_THAT(compare_routes(manifest(), now).broken,
              ElementsAre("call of risk/check carried market.Bar and carries market.Other",
                          "function signal carried market.Signal and carries market.Other",
                          "topic out market.signals carried market.Signal and carries market.Other"));
}

TEST(RouteChange, what_is_added_is_named_and_breaks_nobody) {
  auto now = manifest();
  now.functions.push_back({"probe", {"market.Probe", {3}}, {"market.Probe", {3}}});

  const auto difference = compare_routes(manifest(), now);

  EXPECT_THAT(difference.broken, IsEmpty());
  EXPECT_THAT(difference.added, ElementsAre("function probe"));
  EXPECT_FALSE(difference.shared.contains("market.Probe")) << "nobody has the schema of what is new";
}

}  // namespace
}  // namespace shunt
