/// Urgent publications: into the ring that replies go by, as many as an instance may have under way.

#include "push.hpp"

namespace shunt::host {

/// Replies keep their eighth of the ring; a chunk may be one of those beyond the cap that are theirs, too.
Pushed Instance::push_urgent(bus::MessageHeader& header, std::span<const std::byte> content) noexcept {
  {
    const std::lock_guard lock{send_lock_};
    if (closed_) return Pushed::Closed;
    auto& out = lane->sender.ring_out(bus::Ring::Reply);
    if (out.known_room() <= out.slots() / 8) out.refresh();
    look_at_urgent();
    note_breach();
    if (urgent_.full() || out.known_room() <= out.slots() / 8) return Pushed::NoRoom;
    if (header.place == bus::Place::Chunk && !may_hold(header.chunk, bus::Ring::Reply, bus::Kind::Reply))
      return Pushed::AtCap;
    header.correlation = kPublicationBit | kUrgentBit | out.sent();
    mark_epoch(header);
    if ((header.flags & bus::flag::kRedelivered) != 0) note_redelivered(header.correlation);
    urgent_.add(out.sent(), header, content);
    note_hinted(header);
    lane->sender.push(bus::Ring::Reply, header, content);
    if (header.place == bus::Place::Chunk) pool->hold(header.chunk);
    if (lane->sender.held() >= kHarvestAt) harvest_locked();
  }
  lane->sender.wake();
  return Pushed::Yes;
}

bool Instance::has_urgent_room() noexcept {
  const std::lock_guard lock{send_lock_};
  look_at_urgent();
  auto& out = lane->sender.ring_out(bus::Ring::Reply);
  if (out.known_room() <= out.slots() / 8) out.refresh();
  note_breach();
  return !closed_ && !urgent_.full() && out.known_room() > out.slots() / 8;
}

}  // namespace shunt::host
