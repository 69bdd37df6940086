#pragma once
/// Urgent publications between their ring and their handler: a nested call that waits takes them off the ring to reach
/// its reply, and runs no handler.

#include <shunt/bus/lane.hpp>

#include <array>
#include <cstring>

namespace shunt::kit {

/// Used while the threads' lock is held where there are several workers. Its marks tell the host which of them were
/// begun and done, in their order, so one is done before the next is begun; for what else comes on that ring, nobody
/// reads marks.
class UrgentMessages {
 public:
  explicit UrgentMessages(bus::LaneEnd& lane) : lane_(lane) {}

  struct Message {
    bus::Incoming incoming;
    alignas(8) std::array<std::byte, bus::kInlineBytesMax> slot;
    std::uint64_t end = 0;  ///< The ring's position behind it.
  };

  /// Whether there is one and none is in its handler.
  [[nodiscard]] bool waits() const noexcept { return count_ > 0 && !begun_; }
  /// Whether there is one of this topic that is not begun.
  [[nodiscard]] bool waits_of(std::uint32_t route) const noexcept {
    for (std::size_t i = begun_ ? 1 : 0; i < count_; ++i)
      if (messages_[(first_ + i) % messages_.size()].incoming.header.route == route) return true;
    return false;
  }

  /// The message that was just taken off the reply ring; its slot may be freed. False: the host has more under way than
  /// it may.
  bool put(const bus::Incoming& incoming) noexcept {
    if (count_ == messages_.size()) return false;
    Message& message = messages_[(first_ + count_++) % messages_.size()];
    message.incoming = incoming;
    message.end = lane_.receiver.position(bus::Ring::Reply);
    bus::keep_content(message.incoming, message.slot);
    return true;
  }

  /// The oldest; its bytes stay until done(). begin() marks it as begun.
  [[nodiscard]] const bus::Incoming& front() const noexcept { return messages_[first_].incoming; }
  void begin() noexcept {
    begun_ = true;
    lane_.receiver.mark_begun(bus::Ring::Reply, messages_[first_].end);
  }
  void done() noexcept {
    begun_ = false;
    lane_.receiver.mark_done(bus::Ring::Reply, messages_[first_].end);
    first_ = (first_ + 1) % messages_.size();
    --count_;
  }

 private:
  bus::LaneEnd& lane_;
  std::array<Message, bus::kUrgentMax> messages_{};
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  bool begun_ = false;  // the oldest is in its handler
};

}  // namespace shunt::kit
