#pragma once
/// Reflection schemas of schemas that are written in a test.

#include "payload_schema.hpp"

#include <set>
#include <span>
#include <stdexcept>
#include <string>

#include <flatbuffers/idl.h>

namespace shunt::test {

/// What flatc makes of it.
inline BinarySchema binary_schema(const std::string& text, const std::string& file = "test.fbs") {
  flatbuffers::IDLOptions options;
  options.lang_to_generate = flatbuffers::IDLOptions::kCpp;
  flatbuffers::Parser parser(options);
  if (!parser.Parse(text.c_str())) throw std::runtime_error(parser.error_);
  parser.Serialize();
  const auto bytes = std::as_bytes(std::span(parser.builder_.GetBufferPointer(), parser.builder_.GetSize()));
  return {file, {bytes.begin(), bytes.end()}};
}

/// What the table `root` refers to.
inline PayloadSchema payload_schema(const std::string& text, const std::string& root = "T") {
  const std::vector files{binary_schema(text)};
  auto schema = read_payload_schema(files, {root});
  if (!schema) throw std::runtime_error(to_string(schema.error()));
  return *std::move(schema);
}

/// One of every kind of type that a payload can have.
inline constexpr const char* kEverything = R"(
namespace zoo;
enum Colour : ubyte { Red, Green, Blue = 7 }
enum Flags : uint (bit_flags) { Loud, Wild }
struct Place (force_align: 8) { x: float; steps: [short: 3]; colour: Colour; }
struct Way { from: Place; to: [Place: 2]; length: double; }
table Cat { lives: int = 9; }
table Dog { name: string (key); }
union Animal { Cat, Dog, Place, Word: string }
table Cage {
  number: double = 1.5;
  nothing: float = nan;
  most: ulong = 18446744073709551615;
  is_open: bool = true;
  colour: Colour = Green;
  flags: Flags;
  maybe: int = null;
  name: string (required);
  way: Way;
  places: [Place];
  animal: Animal;
  animals: [Animal];
  inner: Cage;
  colours: [Colour];
  names: [string];
  dogs: [Dog];
  old: short (deprecated);
}
)";

/// A zoo.Cage of it, with one of every kind of member.
inline constexpr const char* kCage = R"({
  "number": 2.5, "name": "a cage", "colour": "Blue", "flags": "Loud Wild", "maybe": 7,
  "way": {"from": {"x": 1, "steps": [1, 2, 3], "colour": "Red"}, "to": [{"x": 1, "steps": [0, 0, 0], "colour": "Red"},
          {"x": 2, "steps": [0, 0, 0], "colour": "Green"}], "length": 3},
  "places": [{"x": 1, "steps": [1, 2, 3], "colour": "Red"}],
  "animal_type": "Dog", "animal": {"name": "Rex"},
  "animals_type": ["Cat", "Word", "Place"], "animals": [{"lives": 3}, "moo", {"x": 1, "steps": [1, 2, 3], "colour": "Red"}],
  "inner": {"name": "inner", "names": ["a", ""]},
  "colours": ["Red", 7], "names": ["a", "bc"], "dogs": [{"name": "Rex"}]
})";

}  // namespace shunt::test
