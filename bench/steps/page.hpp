#pragma once
/// Payloads of a wanted size that are made of tables, as real ones are.

#include "steps_generated.h"

#include <cstdint>
#include <vector>

namespace shunt::bench {

/// A page of `rows` tables, in `builder`.
flatbuffers::Offset<Page> make_page(flatbuffers::FlatBufferBuilder& builder, std::size_t rows);

/// How many rows make the largest page that is not above `bytes` (64 or more).
std::size_t rows_for(std::size_t bytes);

/// That page, finished and aligned to 8 bytes.
std::vector<std::uint8_t> page_of(std::size_t bytes);

}  // namespace shunt::bench
