#pragma once
/// A payload written as JSON, by a schema that was read and checked.

#include "payload_schema.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shunt {

/// `type` is a table of the schema, and `json` strict JSON of it: fields by name, enums by name or number. Errors:
/// BadInput (it is none, and at which place).
[[nodiscard]] Result<std::vector<std::uint8_t>> payload_from_json(const PayloadSchema& schema, const std::string& type,
                                                                  const std::string& json);

}  // namespace shunt
