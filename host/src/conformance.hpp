#pragma once
/// FlatBuffers' own check of whether one schema can follow another, which `flatc --conform` runs.

#include "payload_schema.hpp"

#include <string>

namespace shunt {

/// What FlatBuffers objects to in `newer` after `older`, in its own words; empty: nothing.
[[nodiscard]] std::string conformance_objection(const PayloadSchema& newer, const PayloadSchema& older);

}  // namespace shunt
