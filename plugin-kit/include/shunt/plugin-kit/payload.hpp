#pragma once
/// Bytes of another process become a FlatBuffer only through here.

#include <shunt/bus/builder.hpp>
#include <shunt/schemas/limits.hpp>

#include <cstddef>
#include <cstdint>

#include <flatbuffers/flatbuffers.h>

namespace shunt::kit {

/// The root of a payload whose every offset was checked, within the limits of limits.hpp, or null. Any thread;
/// allocates nothing. The bytes are aligned to 8 and must not change while they are read. Of a raw payload its size is
/// checked, and there is nothing else that could be wrong.
template <typename Root>
[[nodiscard]] const Root* verified(const std::uint8_t* payload, std::size_t bytes) {
  if constexpr (bus::kIsRaw<Root>) {
    return payload != nullptr && bytes == sizeof(Root) ? reinterpret_cast<const Root*>(payload) : nullptr;
  } else {
    flatbuffers::Verifier::Options limits;
    limits.max_depth = kVerifyDepthMax;
    limits.max_tables = kVerifyTablesMax;
    if (payload == nullptr || bytes >= FLATBUFFERS_MAX_BUFFER_SIZE) return nullptr;
    flatbuffers::Verifier verifier(payload, bytes, limits);
    return verifier.VerifyBuffer<Root>() ? flatbuffers::GetRoot<Root>(payload) : nullptr;
  }
}

/// Of bytes that were verified as a `Root`.
template <typename Root>
[[nodiscard]] const Root* root_of(const std::uint8_t* payload) {
  if constexpr (bus::kIsRaw<Root>) return reinterpret_cast<const Root*>(payload);
  else return flatbuffers::GetRoot<Root>(payload);
}

}  // namespace shunt::kit
