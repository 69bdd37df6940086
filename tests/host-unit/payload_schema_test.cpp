// Schemas as plugins carry them, true and made up: what is read of them, and what is refused.
#include "binary_schema.hpp"
#include "conformance.hpp"

#include <algorithm>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shunt {
namespace {

using test::binary_schema;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;

Result<PayloadSchema> read(const std::vector<BinarySchema>& files, const std::set<std::string>& roots) {
  return read_payload_schema(files, roots);
}

TEST(PayloadSchema, holds_what_a_root_refers_to_and_nothing_else) {
  const auto schema = test::payload_schema(
      "table Unused { n: int; } struct Leaf { n: int; } enum Side : byte { Buy } table Branch { leaf: Leaf; }"
      "union Any { Branch } table T { any: Any; side: Side; }");

  EXPECT_THAT(schema.objects, ElementsAre(Key("Branch"), Key("Leaf"), Key("T")));
  EXPECT_THAT(schema.enums, ElementsAre(Key("Any"), Key("Side")));
}

TEST(PayloadSchema, of_every_kind_of_type_is_read_and_flatbuffers_reads_it_back) {
  const auto schema = test::payload_schema(test::kEverything, "zoo.Cage");

  const auto& way = schema.objects.at("zoo.Way");
  EXPECT_TRUE(way.is_struct);
  EXPECT_EQ(way.alignment, 8u);
  EXPECT_EQ(way.bytes, 56u);
  EXPECT_EQ(way.fields.at(1).type.length, 2);
  EXPECT_EQ(conformance_objection(schema, schema), "");
}

TEST(PayloadSchema, takes_each_root_from_the_first_file_that_has_it) {
  const auto one = binary_schema("table A { n: int; }"),
             two = binary_schema("table A { n: long; } table B { n: int; }");

  const auto schema = read({one, two}, {"A", "B"});

  ASSERT_TRUE(schema) << to_string(schema.error());
  EXPECT_EQ(schema->objects.at("A").fields.at(0).type.base, reflection::Int);
  EXPECT_TRUE(schema->objects.contains("B"));
}

TEST(PayloadSchema, whose_files_disagree_on_a_type_is_refused) {
  const auto one = binary_schema("table Leaf { n: int; } table A { leaf: Leaf; }");
  const auto two = binary_schema("table Leaf { n: long; } table B { leaf: Leaf; }");

  const auto schema = read({one, two}, {"A", "B"});

  ASSERT_FALSE(schema);
  EXPECT_THAT(schema.error().message, HasSubstr("\"Leaf\" is defined twice, and not alike"));
}

TEST(PayloadSchema, without_a_root_is_refused_and_with_a_struct_for_one_is_read) {
  const auto file = binary_schema("struct S { n: int; } table T { s: S; }", "quotes.fbs");

  const auto missing = read({file}, {"Gone", "T"}), of_struct = read({file}, {"S"});

  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::BadSchema);
  EXPECT_EQ(missing.error().message, "it carries no schema of Gone; rebuild the plugin");
  ASSERT_TRUE(of_struct) << to_string(of_struct.error());
  EXPECT_TRUE(of_struct->objects.at("S").is_struct);
  EXPECT_EQ(of_struct->objects.at("S").bytes, 4u);
}

TEST(PayloadSchema, with_one_name_for_a_table_and_an_enum_is_refused) {
  auto file = binary_schema("enum Leaf : byte { A } table Lead { n: int; } table T { leaf: Leaf; lead: Lead; }");
  const auto name = std::as_bytes(std::span("Lead", 4));
  const auto place = std::search(file.bytes.begin(), file.bytes.end(), name.begin(), name.end());
  ASSERT_NE(place, file.bytes.end());
  place[3] = std::byte{'f'};

  const auto schema = read({file}, {"T"});

  ASSERT_FALSE(schema);
  EXPECT_EQ(schema.error().message, "its type Leaf is a table and an enum; rebuild the plugin");
}

TEST(PayloadSchema, of_bytes_that_are_none_is_refused) {
  for (const std::size_t size : {0u, 1u, 7u, 8u, 4096u}) {
    const auto schema = read({{"noise.fbs", std::vector<std::byte>(size, std::byte{0x55})}}, {"T"});

    ASSERT_FALSE(schema) << size;
    EXPECT_EQ(schema.error().code, ErrorCode::BadSchema);
    EXPECT_THAT(schema.error().message, HasSubstr("\"noise.fbs\" is no reflection schema; rebuild the plugin"));
  }
}

TEST(PayloadSchema, with_a_name_longer_than_anybody_reads_is_refused) {
  const auto file = binary_schema("table T { " + std::string(600, 'n') + ": int; }");

  const auto schema = read({file}, {"T"});

  ASSERT_FALSE(schema);
  EXPECT_LT(schema.error().message.size(), 700u);
}

// ---- Lies in a schema that is well-formed otherwise. Each would make FlatBuffers' Parser abort, write beside its
// memory or follow a null pointer.

/// Overwrites a number that stands in the bytes.
template <typename Number, typename Table>
void lie(const Table* table, flatbuffers::voffset_t member, Number value) {
  auto* const raw = reinterpret_cast<flatbuffers::Table*>(const_cast<Table*>(table));
  ASSERT_TRUE(raw->CheckField(member)) << "it is not there to be overwritten";
  raw->SetField<Number>(member, value, Number(value + 1));
}

struct Lie {
  const char* what;
  std::function<void(const reflection::Schema&)> tell;
  const char* sentence;
};

void PrintTo(const Lie& lie, std::ostream* stream) { *stream << lie.what; }

const reflection::Field* field(const reflection::Schema& schema, const char* object, const char* name) {
  return schema.objects()->LookupByKey(object)->fields()->LookupByKey(name);
}

class LyingSchema : public testing::TestWithParam<Lie> {};

TEST_P(LyingSchema, is_refused) {
  auto file = binary_schema(
      "enum Side : byte { Buy = 1, Sell = 2 } union Any { T } struct P { x: int; y: [int: 2]; }"
      "table T { a: int; b: string; c: [P]; p: P; s: Side = Buy; u: Any; }");
  GetParam().tell(*reflection::GetSchema(file.bytes.data()));

  const auto schema = read({file}, {"T"});

  ASSERT_FALSE(schema);
  EXPECT_EQ(schema.error().code, ErrorCode::BadSchema);
  EXPECT_THAT(schema.error().message, HasSubstr(GetParam().sentence));
}

using S = reflection::Schema;
using F = reflection::Field;
using T = reflection::Type;
using O = reflection::Object;
INSTANTIATE_TEST_SUITE_P(
    Fields, LyingSchema,
    testing::Values(
        Lie{"id beyond all", [](const S& s) { lie<std::uint16_t>(field(s, "T", "b"), F::VT_ID, 60'000); }, "count up"},
        Lie{"id of another", [](const S& s) { lie<std::uint16_t>(field(s, "T", "c"), F::VT_ID, 1); }, "count up"},
        Lie{"place", [](const S& s) { lie<std::uint16_t>(field(s, "T", "b"), F::VT_OFFSET, 7); },
            "no field of a table"},
        Lie{"kind beyond all", [](const S& s) { lie<std::int8_t>(field(s, "T", "b")->type(), T::VT_BASE_TYPE, 100); },
            "no kind"},
        Lie{"kind below all", [](const S& s) { lie<std::int8_t>(field(s, "T", "b")->type(), T::VT_BASE_TYPE, -1); },
            "no kind"},
        Lie{"vector of nothing",
            [](const S& s) { lie<std::int8_t>(field(s, "T", "b")->type(), T::VT_BASE_TYPE, reflection::Vector); },
            "no kind"},
        Lie{"object beyond all", [](const S& s) { lie<std::int32_t>(field(s, "T", "c")->type(), T::VT_INDEX, 7); },
            "none of those"},
        Lie{"enum beyond all", [](const S& s) { lie<std::int32_t>(field(s, "T", "s")->type(), T::VT_INDEX, 7); },
            "none of those"},
        Lie{"enum for a union", [](const S& s) { lie<std::int32_t>(field(s, "T", "u")->type(), T::VT_INDEX, 1); },
            "is a union, or"}));
INSTANTIATE_TEST_SUITE_P(
    Structs, LyingSchema,
    testing::Values(
        Lie{"size", [](const S& s) { lie<std::int32_t>(s.objects()->LookupByKey("P"), O::VT_BYTESIZE, 16); },
            "laid out"},
        Lie{"size below zero",
            [](const S& s) { lie<std::int32_t>(s.objects()->LookupByKey("P"), O::VT_BYTESIZE, -12); }, "laid out"},
        Lie{"alignment of none",
            [](const S& s) { lie<std::int32_t>(s.objects()->LookupByKey("P"), O::VT_MINALIGN, 0); }, "laid out"},
        Lie{"alignment", [](const S& s) { lie<std::int32_t>(s.objects()->LookupByKey("P"), O::VT_MINALIGN, 3); },
            "laid out"},
        Lie{"place", [](const S& s) { lie<std::uint16_t>(field(s, "P", "y"), F::VT_OFFSET, 5); }, "laid out"},
        Lie{"length", [](const S& s) { lie<std::uint16_t>(field(s, "P", "y")->type(), T::VT_FIXED_LENGTH, 0); },
            "length"},
        Lie{"longer", [](const S& s) { lie<std::uint16_t>(field(s, "P", "y")->type(), T::VT_FIXED_LENGTH, 60'000); },
            "laid out"},
        Lie{"a vector",
            [](const S& s) { lie<std::int8_t>(field(s, "P", "x")->type(), T::VT_BASE_TYPE, reflection::String); },
            "laid out"},
        Lie{"a table", [](const S& s) { lie<std::uint8_t>(s.objects()->LookupByKey("P"), O::VT_IS_STRUCT, 0); },
            "no field of a table"}));

}  // namespace
}  // namespace shunt
