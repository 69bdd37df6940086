#pragma once
/// What is sent: an item whose bytes follow from its number.

#include "record.hpp"
#include "storm_generated.h"

#include <algorithm>
#include <cstddef>

namespace storm {

/// Most messages travel in their slot, some in a small chunk, a few in a large one.
constexpr std::size_t filler_bytes(std::uint32_t id) { return id % 64 == 0 ? 5000 : id % 4 == 0 ? 300 + id % 2000 : 0; }

/// For a call or a publication to build.
inline auto item(Sheet sheet, std::uint32_t id, bool fatal = false) {
  return [sheet, id, fatal](flatbuffers::FlatBufferBuilder& build) {
    flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> filler;
    if (const auto bytes = filler_bytes(id); bytes > 0) {
      std::uint8_t* data = nullptr;
      filler = build.CreateUninitializedVector(bytes, &data);
      std::fill_n(data, bytes, static_cast<std::uint8_t>(id));
    }
    return CreateItem(build, static_cast<std::uint8_t>(sheet), id, fatal, filler);
  };
}

/// Whether all of it is what item() made.
inline bool is_item(const Item& item, Sheet sheet, std::uint32_t id) {
  const auto bytes = item.filler() == nullptr ? 0 : item.filler()->size();
  return item.sheet() == static_cast<std::uint8_t>(sheet) && item.id() == id && bytes == filler_bytes(id) &&
         (bytes == 0 || std::ranges::all_of(*item.filler(), [&](auto byte) { return byte == (id & 0xff); }));
}

}  // namespace storm
