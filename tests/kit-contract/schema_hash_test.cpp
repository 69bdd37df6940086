// Two sides agree on a type by its hash: it must not move with what does not matter, and must move with what does.
#include "schema_hash.hpp"

#include <flatbuffers/idl.h>
#include <gtest/gtest.h>

namespace shunt::test {
namespace {

using manifest_compiler::canonical_text;
using manifest_compiler::hash_of_text;

std::string text_of(const std::string& schema, const char* type = "market.Bar") {
  flatbuffers::Parser parser;
  EXPECT_TRUE(parser.Parse(schema.c_str())) << parser.error_;
  const auto* definition = parser.LookupStruct(type);
  EXPECT_NE(definition, nullptr);
  return definition == nullptr ? "" : canonical_text(*definition);
}

constexpr const char* kEverything = R"(namespace market;
enum Side : byte { Sell = -1, Buy = 1 }
enum Flags : ushort (bit_flags) { Hot, Cold }
struct Point { x: float; y: double; n: [short:3]; }
table Leg { side: Side = Buy; flags: Flags; }
table Note { text: string; }
union Extra { Leg, Remark: Note }
table Bar {
  sequence: ulong = 18446744073709551615;
  close: double = 1.50;
  open: bool = true;
  maybe: int = null;
  name: string (required);
  id: ulong (key);
  old: int (deprecated);
  point: Point;
  legs: [Leg];
  bytes: [ubyte];
  extra: Extra;
})";

TEST(SchemaHash, is_made_of_the_documented_text) {
  EXPECT_EQ(text_of(kEverything),
            "table market.Bar\n"
            "0 sequence ulong = 18446744073709551615\n"
            "1 close double = 1.5\n"
            "2 open bool = 1\n"
            "3 maybe int = null\n"
            "4 name string required\n"
            "5 id ulong = 0 key\n"
            "6 old int = 0 deprecated\n"
            "7 point market.Point\n"
            "8 legs [market.Leg]\n"
            "9 bytes [ubyte]\n"
            "10 extra_type utype = 0\n"
            "11 extra market.Extra\n"
            "union market.Extra\n0 NONE\n1 Leg market.Leg\n2 Remark market.Note\n"
            "enum market.Flags ushort\n1 Hot\n2 Cold\n"
            "table market.Leg\n0 side market.Side = 1\n1 flags market.Flags = 0\n"
            "table market.Note\n0 text string\n"
            "struct market.Point 24 8\n0 x float\n8 y double\n16 n [short:3]\n"
            "enum market.Side byte\n-1 Sell\n1 Buy\n");
}

TEST(SchemaHash, is_the_start_of_the_sha256_of_that_text) {
  EXPECT_EQ(hash_of_text("").value, 0xe3b0c44298fc1c14u);  // sha256 of nothing
  EXPECT_EQ(hash_of_text("abc").value, 0xba7816bf8f01cfeau);
}

TEST(SchemaHash, stays_for_comments_order_other_types_and_attributes_of_generators) {
  const auto plain = text_of("namespace market; enum Side : byte { Sell, Buy } table Bar { id: ulong; side: Side; }");

  EXPECT_EQ(
      text_of("/// A bar.\nnamespace market; enum Side : byte { Sell, Buy }\n\ntable Bar { // fields\n id: ulong; "
              "side: Side; } root_type Bar;"),
      plain);
  EXPECT_EQ(text_of("namespace market; table Other { x: int; } enum Side : byte { Sell, Buy } enum More : byte { A } "
                    "table Bar { id: ulong; side: Side; } table Last { bar: Bar; }"),
            plain);
  EXPECT_EQ(
      text_of("namespace market; enum Side : byte { Sell, Buy } table Bar { side: Side (id: 1); id: ulong (id: 0); }"),
      plain);
  EXPECT_EQ(
      text_of("attribute \"priority\"; namespace market; enum Side : byte { Sell, Buy } table Bar (priority: 1) { "
              "id: ulong; side: Side; }"),
      plain);
}

TEST(SchemaHash, moves_with_every_difference_a_reader_could_notice) {
  const auto plain = text_of(
      "namespace market; enum Side : byte { Sell, Buy } table Leg { n: int; } table Bar { id: ulong; side: Side; leg: "
      "Leg; }");
  const char* others[] = {
      "namespace market; enum Side : byte { Sell, Buy } table Leg { n: int; } table Bar { key: ulong; side: Side; leg: "
      "Leg; }",
      "namespace market; enum Side : byte { Sell, Buy } table Leg { n: int; } table Bar { id: long; side: Side; leg: "
      "Leg; }",
      "namespace market; enum Side : byte { Sell, Buy } table Leg { n: int; } table Bar { id: ulong = 1; side: Side; "
      "leg: Leg; }",
      "namespace market; enum Side : byte { Sell, Buy } table Leg { n: int; } table Bar { side: Side; id: ulong; leg: "
      "Leg; }",
      "namespace market; enum Side : byte { Sell, Buy } table Leg { n: int; } table Bar { id: ulong; side: Side; leg: "
      "Leg; more: int; }",
      "namespace market; enum Side : byte { Sell, Hold, Buy } table Leg { n: int; } table Bar { id: ulong; side: Side; "
      "leg: Leg; }",
      "namespace market; enum Side : short { Sell, Buy } table Leg { n: int; } table Bar { id: ulong; side: Side; leg: "
      "Leg; }",
      "namespace market; enum Side : byte { Sell, Buy } table Leg { m: int; } table Bar { id: ulong; side: Side; leg: "
      "Leg; }",
      "namespace market; enum Side : byte { Sell, Buy } table Leg { n: int; } table Bar { id: ulong; side: Side; leg: "
      "[Leg]; }",
      "namespace market; enum Side : byte { Sell, Buy } table Leg { n: int; } table Bar { id: ulong; side: Side; leg: "
      "Leg (required); }",
  };
  for (const auto* other : others) EXPECT_NE(text_of(other), plain) << other;
}

TEST(SchemaHash, ends_for_types_that_refer_to_themselves) {
  EXPECT_EQ(text_of("namespace market; table Bar { next: Bar; other: Back; } table Back { bar: Bar; }"),
            "table market.Bar\n0 next market.Bar\n1 other market.Back\ntable market.Back\n0 bar market.Bar\n");
}

}  // namespace
}  // namespace shunt::test
