#pragma once
/// Whether bytes are a payload of a type that is known from its schema alone: what generated verifiers do, for a host
/// that was not built with the type.
///
///     SHUNT_TRY(verifier, PayloadVerifier::of(manifest.binary_schemas, "market.Signal"));
///     if (!verifier.accepts(bytes)) ...

#include "payload_schema.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace shunt {

class PayloadVerifier {
 public:
  /// `schemas` are a plugin's word, and checked. Errors: BadSchema (rebuild the plugin).
  [[nodiscard]] static Result<PayloadVerifier> of(std::span<const BinarySchema> schemas, const std::string& type);

  /// Whether every offset in `bytes`, which are aligned to 8 and do not change meanwhile, stays within them, and what
  /// is required is there; of a struct: whether they are as many as it has. Within the limits of limits.hpp. Allocates
  /// nothing.
  [[nodiscard]] bool accepts(std::span<const std::uint8_t> bytes) const;

 private:
  PayloadVerifier(PayloadSchema schema, std::string type) : schema_(std::move(schema)), type_(std::move(type)) {}

  PayloadSchema schema_;
  std::string type_;
};

}  // namespace shunt
