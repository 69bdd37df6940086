#pragma once
/// Whether bytes are a FlatBuffer of a topic's type, by the schema that the host has handed over.
///
///     const PayloadCheck check{topic};
///     if (!check.is_valid(bytes)) ++refused;

#include <shunt/bridges/world.hpp>

namespace shunt::bridges {

class PayloadCheck {
 public:
  /// `topic` outlives it. One without a schema takes nothing.
  explicit PayloadCheck(const Topic& topic);

  /// Bounds, alignment, depth (64) and tables (1,000,000), down to the last field. Allocates nothing. `bytes` must not
  /// change meanwhile.
  [[nodiscard]] bool is_valid(std::span<const std::byte> bytes) const;

 private:
  const void* schema_ = nullptr;  // of reflection, in the topic's bytes
  const void* root_ = nullptr;
};

}  // namespace shunt::bridges
