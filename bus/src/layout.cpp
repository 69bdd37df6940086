#include <shunt/bus/layout.hpp>

#include <bit>
#include <cstring>
#include <new>

namespace shunt::bus {

Result<SideShape> SideShape::of(std::uint32_t slots, std::uint32_t chunks_of_peer) {
  if (!std::has_single_bit(slots) || slots < kSlotsMin || slots > kSlotsMax)
    return error(ErrorCode::BadConfiguration, "a ring of {} slots cannot be: use a power of two from {} to {}", slots,
                 kSlotsMin, kSlotsMax);
  if (chunks_of_peer >= 1u << 24)
    return error(ErrorCode::BadConfiguration, "a pool of {} chunks cannot be returned: use fewer than 2^24",
                 chunks_of_peer);
  return SideShape{slots, std::bit_ceil(std::max(chunks_of_peer, 8u))};
}

std::size_t SideShape::ring_offset(Ring ring) const {
  const std::size_t rings = kReturnRingOffset + std::size_t{return_slots} * sizeof(std::uint64_t);
  const std::size_t aligned = (rings + kSlotBytes - 1) / kSlotBytes * kSlotBytes;
  return aligned + static_cast<std::size_t>(ring) * slots * kSlotBytes;
}

std::size_t SideShape::standings_offset() const { return ring_offset(Ring::Reply) + std::size_t{slots} * kSlotBytes; }

std::size_t SideShape::bytes() const {
  constexpr std::size_t kPage = 4096;
  return (standings_offset() + slots + kPage - 1) / kPage * kPage;
}

void format_side(std::byte* memory, const SideShape& shape) {
  auto* const side = new (memory) Side{};
  side->header.slots = shape.slots;
  side->header.return_slots = shape.return_slots;
  side->header.side_bytes = shape.bytes();
}

Status check_side(const std::byte* memory, std::size_t bytes, const SideShape& shape) {
  SideHeader found;
  if (bytes < sizeof found) return error(ErrorCode::LayoutMismatch, "a lane side of {} bytes has no header", bytes);
  std::memcpy(&found, memory, sizeof found);
  if (found.magic != kMagic)
    return error(ErrorCode::LayoutMismatch,
                 "the memory handed over is not a lane: it begins with {:#010x} instead of {:#010x}; check "
                 "who sent it",
                 found.magic, kMagic);
  if (found.layout != kLayoutVersion)
    return error(ErrorCode::LayoutMismatch,
                 "the lane has layout v{}, this program speaks v{}: install the host and "
                 "shunt-launch of one release",
                 found.layout, kLayoutVersion);
  if (found.slot_bytes != kSlotBytes || found.rings != kRings || found.slots != shape.slots ||
      found.return_slots != shape.return_slots || found.side_bytes != shape.bytes() || bytes < shape.bytes())
    return error(ErrorCode::LayoutMismatch,
                 "the lane's shape ({} rings of {} slots of {} bytes, {} return slots, {} bytes in all, {} mapped) is "
                 "not what was agreed ({} rings of {} slots of {} bytes, {} return slots, {} bytes in all)",
                 found.rings, found.slots, found.slot_bytes, found.return_slots, found.side_bytes, bytes, kRings,
                 shape.slots, kSlotBytes, shape.return_slots, shape.bytes());
  return {};
}

SideView SideView::of(std::byte* memory, const SideShape& shape) {
  SideView view;
  view.fixed = reinterpret_cast<Side*>(memory);
  view.returns = reinterpret_cast<std::atomic<std::uint64_t>*>(memory + kReturnRingOffset);
  view.rings[0] = reinterpret_cast<Slot*>(memory + shape.ring_offset(Ring::Data));
  view.rings[1] = reinterpret_cast<Slot*>(memory + shape.ring_offset(Ring::Reply));
  view.standings = reinterpret_cast<std::atomic<std::uint8_t>*>(memory + shape.standings_offset());
  view.shape = shape;
  return view;
}

}  // namespace shunt::bus
