#pragma once
/// One message into a ring of an instance: room, cap, the last word, the slot, the bell.

#include "instance.hpp"

namespace shunt::host {

template <typename Prepare>
Pushed Instance::push(bus::Ring ring, bus::MessageHeader& header, std::span<const std::byte> content,
                      Prepare&& prepare) noexcept {
  {
    const std::lock_guard lock{send_lock_};
    if (closed_) return Pushed::Closed;
    auto& out = lane->sender.ring_out(ring);
    const std::uint32_t reserve = header.kind == bus::Kind::Publication ? out.slots() / 8 : 0;
    if (out.known_room() <= reserve) {
      out.refresh();
      note_breach();
      if (out.known_room() <= reserve) return Pushed::NoRoom;
    }
    if (header.place == bus::Place::Chunk) {
      const bool allowed = may_hold(header.chunk, ring, header.kind);
      if (at_cap.load(std::memory_order_relaxed) == allowed) at_cap.store(!allowed, std::memory_order_relaxed);
      if (!allowed) return Pushed::AtCap;
    }
    if (header.kind == bus::Kind::Publication) {
      header.correlation = publication_token(out.sent());
      mark_epoch(header);
    }
    if (!prepare(header)) return Pushed::Withdrawn;
    if ((header.flags & bus::flag::kRedelivered) != 0) note_redelivered(header.correlation);
    note_hinted(header);
    lane->sender.push(ring, header, content);
    // After the commit word: the plugin is on its way already, and what it returns is harvested under this lock.
    if (header.place == bus::Place::Chunk) pool->hold(header.chunk);
    if (lane->sender.held() >= kHarvestAt) harvest_locked();
  }
  lane->sender.wake();
  return Pushed::Yes;
}

}  // namespace shunt::host
