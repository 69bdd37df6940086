// Payloads written as JSON: what the schema says is taken, and what is none is refused with its place.
#include "payload_json.hpp"

#include "binary_schema.hpp"
#include "payload_verifier.hpp"

#include <gmock/gmock.h>

namespace shunt {
namespace {

using ::testing::HasSubstr;

Result<std::vector<std::uint8_t>> cage(const std::string& json) {
  return payload_from_json(test::payload_schema(test::kEverything, "zoo.Cage"), "zoo.Cage", json);
}

TEST(PayloadJson, makes_the_bytes_that_flatbuffers_makes_of_the_schemas_text) {
  flatbuffers::IDLOptions options;
  options.lang_to_generate = flatbuffers::IDLOptions::kCpp;
  flatbuffers::Parser parser(options);
  ASSERT_TRUE(parser.Parse(test::kEverything) && parser.SetRootType("zoo.Cage") && parser.ParseJson(test::kCage))
      << parser.error_;

  const auto made = cage(test::kCage);

  ASSERT_TRUE(made) << to_string(made.error());
  const auto* const data = parser.builder_.GetBufferPointer();
  EXPECT_EQ(*made, std::vector<std::uint8_t>(data, data + parser.builder_.GetSize()));
  const std::vector files{test::binary_schema(test::kEverything)};
  EXPECT_TRUE(PayloadVerifier::of(files, "zoo.Cage").value().accepts(*made));
}

TEST(PayloadJson, refuses_what_is_none_and_says_where) {
  for (const auto& [json, complaint] :
       {std::pair{R"({"number": 1})", "name"},                             // which is required
        std::pair{"{\"name\": \"\",\n \"colour\": \"Mauve\"}", "line 2"},  // no such colour
        std::pair{R"({"name": "", "size": 1})", "size"},                   // no such field
        std::pair{R"({"name": "")", "line 1"}, std::pair{R"({name: ""})", "line 1"}, std::pair{"", "the JSON is no"}}) {
    const auto made = cage(json);
    ASSERT_FALSE(made) << json;
    EXPECT_EQ(made.error().code, ErrorCode::BadInput);
    EXPECT_THAT(made.error().message, HasSubstr(complaint)) << json;
  }
}

TEST(PayloadJson, is_of_tables_alone) {
  const auto schema = test::payload_schema(test::kEverything, "zoo.Cage");

  EXPECT_EQ(payload_from_json(schema, "zoo.Place", R"({"x": 1})").error().code, ErrorCode::BadInput);
}

}  // namespace
}  // namespace shunt
