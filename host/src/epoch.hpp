#pragma once
/// A switch begins an epoch. A chain of nested calls keeps to the one that it began in, however long it takes; there
/// are two at most, as the next switch waits for the chains of the last but one.

#include <cstdint>

namespace shunt::host {

enum class Epoch : std::uint8_t { Even, Odd };

[[nodiscard]] constexpr Epoch other(Epoch epoch) noexcept { return epoch == Epoch::Even ? Epoch::Odd : Epoch::Even; }

}  // namespace shunt::host
