#pragma once
/// How FlatBuffers lays a struct out: each field at the next multiple of its alignment, the whole filled up to its own.

#include "payload_schema.hpp"

namespace shunt {

/// Whether a struct's offsets, alignment and size are those that its fields and its `force_align` give. `schema` holds
/// what it refers to, as it came.
[[nodiscard]] bool is_laid_out(const PayloadSchema& schema, const PayloadObject& object);

}  // namespace shunt
