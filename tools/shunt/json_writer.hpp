#pragma once
/// Writes a FlatBuffer as one line of strict JSON in which no number loses a digit.
///
///     std::string text;
///     if (!write_json(*parser.LookupStruct("market.Bar"), bytes.data(), text)) ...
///
/// FlatBuffers' own GenerateText writes six digits of a float and twelve of a double.

#include <cstdint>
#include <string>

namespace flatbuffers {
struct StructDef;
}  // namespace flatbuffers

namespace shunt::tool {

/// Appends the buffer at `bytes`, verified as a `type`, or the struct there, to `text`. A number that JSON cannot say
/// is "nan", "inf" or
/// "-inf". A buffer inside the buffer is written as its bytes: nobody verified it. False: it holds what its type cannot
/// be, such as a string that is not UTF-8.
[[nodiscard]] bool write_json(const flatbuffers::StructDef& type, const std::uint8_t* bytes, std::string& text);

}  // namespace shunt::tool
