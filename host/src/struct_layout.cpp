#include "struct_layout.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>

namespace shunt {
namespace {

constexpr std::uint32_t kAlignmentMax = 256;  // of force_align

struct Extent {
  std::uint64_t bytes = 0;
  std::uint64_t alignment = 1;
};

bool is_alignment(std::uint32_t alignment) { return std::has_single_bit(alignment) && alignment <= kAlignmentMax; }

/// None: a struct cannot hold it.
std::optional<Extent> extent_of(const PayloadSchema& schema, const FieldType& type) {
  const auto inner = inner_of(type);
  if (type.base == reflection::Vector || inner == reflection::UType) return {};
  Extent extent;
  if (inner == reflection::Obj) {
    const PayloadObject& object = schema.objects.at(type.refers);
    if (!object.is_struct || !is_alignment(object.alignment)) return {};
    extent = {object.bytes, object.alignment};
  } else if (is_scalar(inner)) {
    extent = {scalar_bytes(inner), scalar_bytes(inner)};
  } else {
    return {};
  }
  if (type.base == reflection::Array) extent.bytes *= type.length;
  return extent;
}

std::uint64_t round_up(std::uint64_t bytes, std::uint64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

}  // namespace

bool is_laid_out(const PayloadSchema& schema, const PayloadObject& object) {
  constexpr std::uint64_t kBytesMax = std::numeric_limits<std::int32_t>::max();
  std::uint64_t end = 0;
  std::uint64_t alignment = 1;
  for (const PayloadField& field : object.fields) {
    const auto extent = extent_of(schema, field.type);
    if (!extent || field.offset != round_up(end, extent->alignment)) return false;
    end = field.offset + extent->bytes;
    alignment = std::max(alignment, extent->alignment);
    if (end > kBytesMax) return false;
  }
  return is_alignment(object.alignment) && object.alignment >= alignment && !object.fields.empty() &&
         object.bytes == round_up(end, object.alignment);
}

}  // namespace shunt
