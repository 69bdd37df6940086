#pragma once
/// Something that a plugin sent: a reply, a publication or the request of a call. Verified as a receiver would.

#include <shunt/plugin-kit/payload.hpp>
#include <shunt/plugin-kit/test/stand_in.hpp>

#include <optional>

namespace shunt::test {

/// A value; readable as long as any copy of it, whatever becomes of the plugin.
template <typename T>
class Sent {
 public:
  /// `outgoing` is verified as a `T`.
  explicit Sent(Outgoing outgoing) : outgoing_(std::move(outgoing)) {}

  const T& operator*() const { return *kit::root_of<T>(bytes().data()); }
  const T* operator->() const { return &**this; }

  /// The FlatBuffer as it was sent.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return outgoing_.bytes.span(); }
  /// Whether it travelled in a chunk of the pool and not in the message.
  [[nodiscard]] bool in_chunk() const { return outgoing_.in_chunk; }
  /// Of a call: for how long the plugin waits for the answer; the smaller of what it asked for and what its caller
  /// left.
  [[nodiscard]] std::chrono::nanoseconds allowed() const { return outgoing_.allowed; }
  /// Of a publication: the key that it was given; Key{} is none.
  [[nodiscard]] Key key() const { return outgoing_.key; }
  [[nodiscard]] bool urgent() const { return outgoing_.urgent; }
  /// When what it tells of came about; of a reply, that of its request.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> origin() const {
    return outgoing_.origin.count() == 0 ? std::nullopt : std::optional(outgoing_.origin);
  }

 private:
  Outgoing outgoing_;
};

}  // namespace shunt::test
