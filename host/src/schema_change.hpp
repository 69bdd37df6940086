#pragma once
/// What of its payloads a plugin changed, for those who hold the schemas that it had before.

#include "payload_schema.hpp"

#include <shunt/host/compatibility.hpp>

#include <string>

namespace shunt {

struct SchemaDifference {
  SchemaChange change = SchemaChange::None;
  std::string text;  ///< The first of what makes it so, and how many more there are.
};

/// Compares the types that both have. FlatBuffers' own conformance check has a say in what is appended; what it does
/// not look at (removed fields, required ones, arrays, layouts) is looked at beside it.
[[nodiscard]] SchemaDifference compare_schemas(const PayloadSchema& older, const PayloadSchema& newer);

}  // namespace shunt
