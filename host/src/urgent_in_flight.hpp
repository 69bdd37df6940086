#pragma once
/// The urgent publications that an instance was sent and has not done: the host's copies, since the slots of their ring
/// are freed while they wait for their handler.

#include <shunt/bus/layout.hpp>
#include <shunt/bus/message.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace shunt::host {

/// Under the lock of the instance's sending half.
class UrgentInFlight {
 public:
  struct Sent {
    std::uint64_t position = 0;  ///< Of its slot in the reply ring.
    bus::MessageHeader header;
    std::array<std::byte, bus::kInlineBytesMax> slot;  ///< What lies in its slot beside the header.
  };

  /// Those below `done`, which the plugin's marks say are done, are forgotten.
  void forget(std::uint64_t done) noexcept {
    std::size_t gone = 0;
    while (gone < count_ && sent_[gone].position < done) ++gone;
    std::copy(sent_.begin() + gone, sent_.begin() + count_, sent_.begin());
    count_ -= gone;
  }
  [[nodiscard]] bool full() const noexcept { return count_ == sent_.size(); }
  void add(std::uint64_t position, const bus::MessageHeader& header, std::span<const std::byte> content) noexcept {
    Sent& sent = sent_[count_++];
    sent.position = position;
    sent.header = header;
    if (!content.empty()) std::memcpy(sent.slot.data(), content.data(), content.size());
    ++ever_;
  }
  [[nodiscard]] std::span<const Sent> all() const noexcept { return {sent_.data(), count_}; }
  /// How many there were, and how many of them are done as far as was looked.
  [[nodiscard]] std::uint64_t ever() const noexcept { return ever_; }
  [[nodiscard]] std::uint64_t done() const noexcept { return ever_ - count_; }

 private:
  std::array<Sent, bus::kUrgentMax> sent_;
  std::size_t count_ = 0;
  std::uint64_t ever_ = 0;
};

}  // namespace shunt::host
