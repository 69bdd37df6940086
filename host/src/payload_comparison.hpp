#pragma once
/// Whether two payloads say the same by the schema of one of them, however they are laid out.
///
///     SHUNT_TRY(comparison, PayloadComparison::of(manifest.binary_schemas, "market.Signal"));
///     if (!comparison.same(one, another)) ...

#include "payload_schema.hpp"
#include "payload_verifier.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace shunt {

class PayloadComparison {
 public:
  /// `schemas` are a plugin's word, and checked. Errors: BadSchema (rebuild the plugin).
  [[nodiscard]] static Result<PayloadComparison> of(std::span<const BinarySchema> schemas, const std::string& type);

  /// Both are aligned to 8 and do not change meanwhile. Every field that the schema knows is the same, or its default
  /// where it is not there (of a ulong whose default no int64 can hold the binary schema says 0); numbers by their
  /// bits, so that what is not a number is the same as itself. What the schema does not know, such as appended fields,
  /// counts as the same. False also where one of them is no such payload. Allocates nothing.
  [[nodiscard]] bool same(std::span<const std::uint8_t> one, std::span<const std::uint8_t> another) const;

 private:
  PayloadComparison(PayloadSchema schema, std::string type, PayloadVerifier verifier)
      : schema_(std::move(schema)), type_(std::move(type)), verifier_(std::move(verifier)) {}

  PayloadSchema schema_;
  std::string type_;
  PayloadVerifier verifier_;
};

}  // namespace shunt
