#include <shunt/bus/geometry.hpp>

namespace shunt::bus {
namespace {

/// What a payload of this size takes of a pool: whole cache lines.
constexpr std::size_t whole_lines(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace

Result<PoolGeometry> PoolGeometry::of(std::span<const SizeClass> classes) {
  if (classes.empty() || classes.size() > kClassesMax)
    return error(ErrorCode::BadConfiguration, "a pool has 1 to {} size classes, not {}", kClassesMax, classes.size());
  PoolGeometry geometry;
  std::uint64_t offset = 0;
  std::size_t smallest = 8;
  for (const SizeClass& size_class : classes) {
    if (size_class.bytes % 8 != 0 || size_class.bytes < smallest)
      return error(ErrorCode::BadConfiguration,
                   "a size class of {} bytes cannot be: sizes are multiples of 8 and strictly increasing, each of more "
                   "64-byte lines than the one before, here at least {}",
                   size_class.bytes, smallest);
    if (size_class.chunks == 0 || size_class.chunks > ChunkId::kIndexMax)
      return error(ErrorCode::BadConfiguration, "the size class of {} bytes has {} chunks: use 1 to {}",
                   size_class.bytes, size_class.chunks, ChunkId::kIndexMax);
    const std::size_t stride = kChunkLead + whole_lines(size_class.bytes);
    geometry.places_[geometry.count_] = {offset, stride, geometry.chunks_};
    geometry.classes_[geometry.count_++] = size_class;
    geometry.chunks_ += size_class.chunks;
    offset += stride * size_class.chunks;
    if (offset > kPoolBytesMax)
      return error(ErrorCode::BadConfiguration, "the pool needs more than {} bytes: use fewer or smaller chunks",
                   kPoolBytesMax);
    smallest = whole_lines(size_class.bytes) + 8;
  }
  constexpr std::size_t kPage = 4096;
  geometry.bytes_ = (offset + kPage - 1) / kPage * kPage;
  return geometry;
}

}  // namespace shunt::bus
