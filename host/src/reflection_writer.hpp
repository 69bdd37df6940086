#pragma once
/// A reflection schema of exactly the types of a PayloadSchema, for FlatBuffers to read: whatever a plugin says, it
/// gets what was checked.

#include "payload_schema.hpp"

namespace shunt {

/// What it is for: FlatBuffers is told no more than that takes.
enum class ReflectionUse : std::uint8_t {
  Layout,  ///< To verify payloads, and for Parser::ConformTo.
  Text     ///< For Parser::ParseJson: with names of enums' values, and what is required or may be absent.
};

[[nodiscard]] flatbuffers::DetachedBuffer write_reflection(const PayloadSchema& schema, ReflectionUse use);

}  // namespace shunt
