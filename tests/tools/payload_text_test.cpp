/// Payloads as JSON: each kind of field, and numbers to their last digit.
#include <algorithm>
#include <stdexcept>
#include <string_view>

#include <flatbuffers/idl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <payload_text.hpp>

namespace shunt::tool {
namespace {

using testing::HasSubstr;

constexpr const char* kSchema = R"(
namespace zoo;
enum Colour : ubyte { Red, Green, Blue = 7 }
enum Flags : uint (bit_flags) { Loud, Wild, Big }
struct Place { x: float; y: double; steps: [short: 3]; }
table Cat { lives: int = 9; }
table Dog { name: string; }
union Animal { Cat, Dog, Place, Word: string }
table Cage {
  number: double;
  small: float;
  least: long;
  most: ulong;
  byte: byte;
  is_open: bool;
  colour: Colour = Green;
  flags: Flags;
  maybe: int = null;
  name: string;
  place: Place;
  places: [Place];
  animal: Animal;
  animals: [Animal];
  inner: Cage;
  numbers: [double];
  colours: [Colour];
  names: [string];
  cages: [Cage];
}
)";

class JsonOfPayloads : public testing::Test {
 protected:
  /// The members of `cage` as they are printed, in front of those that are not there.
  std::string printed(const std::string& cage) {
    auto bytes = text_.to_bytes("zoo.Cage", cage);
    EXPECT_TRUE(bytes) << to_string(bytes.error());
    auto json = text_.to_json("zoo.Cage", bytes.value());
    EXPECT_TRUE(json) << to_string(json.error());
    return json.value_or("");
  }

  static PayloadText zoo() {
    flatbuffers::IDLOptions options;
    options.binary_schema_builtins = true;
    options.lang_to_generate = flatbuffers::IDLOptions::kCpp;  // not every language has unions of structs
    flatbuffers::Parser parser{options};
    if (!parser.Parse(kSchema)) throw std::runtime_error(parser.error_);
    parser.Serialize();
    const std::uint8_t* const schema = parser.builder_.GetBufferPointer();
    return PayloadText::from_schema({schema, schema + parser.builder_.GetSize()}).value();
  }

  PayloadText text_ = zoo();
};

TEST_F(JsonOfPayloads, a_table_without_a_member_shows_its_scalars_with_their_defaults) {
  EXPECT_EQ(printed("{}"),
            R"({"number": 0.0,"small": 0.0,"least": 0,"most": 0,"byte": 0,"is_open": false,"colour": "Green",)"
            R"("flags": 0,"maybe": null,"animal_type": "NONE"})");
}

TEST_F(JsonOfPayloads, a_double_is_the_shortest_text_that_reads_back_as_it) {
  for (const char* number :
       {"0.123456789012345", "4e-13", "0.1", "0.30000000000000004", "1469.25", "100000.0", "-2.5", "1e+16",
        "1.7976931348623157e+308", "5e-324", "9007199254740992.0", "123456789.12345679", "0.000001", "9e-07"})
    EXPECT_THAT(printed(fmt::format(R"({{"number":{}}})", number)), HasSubstr(fmt::format("\"number\": {},", number)));
}

TEST_F(JsonOfPayloads, a_float_is_the_shortest_text_that_reads_back_as_it) {
  for (const char* number : {"0.1", "16777216.0", "3.4028235e+38", "1e-45", "0.33333334", "1.5"})
    EXPECT_THAT(printed(fmt::format(R"({{"small":{}}})", number)), HasSubstr(fmt::format("\"small\": {},", number)));
}

TEST_F(JsonOfPayloads, whole_numbers_of_64_bits_are_exact) {
  const std::string ends = printed(R"({"least":-9223372036854775808,"most":18446744073709551615,"byte":-128})");

  EXPECT_THAT(ends, HasSubstr(R"("least": -9223372036854775808,"most": 18446744073709551615,"byte": -128,)"));
}

TEST_F(JsonOfPayloads, what_json_cannot_say_is_in_quotes) {
  EXPECT_THAT(printed(R"({"number":"nan","small":"-inf"})"), HasSubstr(R"("number": "nan","small": "-inf",)"));
  EXPECT_THAT(printed(R"({"number":"inf","small":"nan"})"), HasSubstr(R"("number": "inf","small": "nan",)"));
}

TEST_F(JsonOfPayloads, enums_and_flags_are_named_and_those_without_a_name_are_numbers) {
  EXPECT_THAT(printed(R"({"colour":"Blue","flags":"Loud Big"})"),
              HasSubstr(R"("colour": "Blue","flags": "Loud Big",)"));
  EXPECT_THAT(printed(R"({"colour":5,"flags":9})"), HasSubstr(R"("colour": 5,"flags": 9,)"));
}

TEST_F(JsonOfPayloads, structs_arrays_unions_vectors_and_inner_tables_read_back_as_they_were) {
  const char* const members[] = {
      R"("maybe": -3)",
      R"("name": "it \"said\" \u0007 nan")",
      R"("place": {"x": -0.0,"y": 1e-07,"steps": [1,-2,3]})",
      R"("places": [{"x": 1.0,"y": 2.0,"steps": [0,0,0]},{"x": 3.0,"y": 4.0,"steps": [0,0,7]}])",
      R"("animal_type": "Dog","animal": {"name": "Rex"})",
      R"("animal_type": "Place","animal": {"x": 1.5,"y": 2.5,"steps": [1,2,3]})",
      R"("animal_type": "Word","animal": "moo")",
      R"("animals_type": ["Cat","Word"],"animals": [{"lives": 9},"meow"])",
      R"("numbers": [0.1,2.0,4e-13])",
      R"("colours": ["Red","Blue",3])",
      R"("names": ["a","","c"])",
      R"("names": [])",
  };
  for (const std::string member : members) {
    EXPECT_THAT(printed("{" + member + "}"), HasSubstr(member));
    EXPECT_THAT(printed(R"({"inner":{)" + member + "}}"), HasSubstr(member));
    EXPECT_THAT(printed(R"({"cages":[{},{)" + member + "}]}"), HasSubstr(member));
  }
}

TEST_F(JsonOfPayloads, a_struct_without_a_table_reads_back_as_it_was_and_has_its_size) {
  const std::string place = R"({"x": 1.5,"y": 2.5,"steps": [1,-2,3]})";
  for (int i = 0; i < 2; ++i) {  // what is made up to read the first does not stand in the way of the next
    const auto bytes = text_.to_bytes("zoo.Place", place);

    ASSERT_TRUE(bytes) << to_string(bytes.error());
    EXPECT_EQ(bytes->size(), 24u);
    EXPECT_EQ(text_.to_json("zoo.Place", *bytes).value_or(""), place);
    EXPECT_EQ(text_.to_json("zoo.Place", std::span{*bytes}.first(23)).error().code, ErrorCode::BadPayload);
  }
  EXPECT_THAT(text_.to_bytes("zoo.Place", "{\"x\": 1,\n\"z\": 2}").error().message, HasSubstr("line 2, "));
  EXPECT_THAT(printed(R"({"name": "a table as ever"})"), HasSubstr(R"("name": "a table as ever")"));
}

TEST_F(JsonOfPayloads, bytes_that_are_no_such_table_or_no_utf_8_are_refused) {
  auto bytes = text_.to_bytes("zoo.Cage", R"({"name":"Zebra"})").value();
  auto torn = bytes;
  torn.resize(torn.size() / 2);
  constexpr std::string_view kZebra{"Zebra"};
  const auto at = std::search(bytes.begin(), bytes.end(), kZebra.begin(), kZebra.end());
  ASSERT_NE(at, bytes.end());
  *at = 0xff;

  EXPECT_EQ(text_.to_json("zoo.Cage", torn).error().code, ErrorCode::BadPayload);
  EXPECT_EQ(text_.to_json("zoo.Cage", bytes).error().code, ErrorCode::BadPayload);
  EXPECT_EQ(text_.to_json("zoo.Kennel", bytes).error().code, ErrorCode::BadSchema);
}

}  // namespace
}  // namespace shunt::tool
