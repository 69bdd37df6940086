#pragma once
/// What the host publishes for a plugin that vanishes, written where the contract asks for it.
///
///     shunt::Status flat(shunt::LastWill<market::Signal>& will) override {
///       return will.write([&](auto& build) { return market::CreateSignal(build, ..., market::Direction::Flat); });
///     }

#include <shunt/plugin-kit/link.hpp>
#include <shunt/plugin-kit/options.hpp>
#include <shunt/plugin-kit/route.hpp>
#include <shunt/schemas/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <flatbuffers/flatbuffers.h>

namespace shunt::kit {

/// Leaves `bytes` with the host. Errors: TooLarge naming plugin, topic, size and limit; those of
/// shunt_services.set_will.
[[nodiscard]] Status send_last_will(const Link& link, std::string_view plugin, const TopicRoute& topic,
                                    std::uint32_t index, Key key, const std::uint8_t* payload, std::size_t bytes);
/// That the contract's function returned without writing one.
[[nodiscard]] Error unwritten_last_will(std::string_view plugin, const TopicRoute& topic);

/// Of one topic; ends with the function that gets it.
template <typename T>
class LastWill {
 public:
  LastWill(const Link& link, std::string_view plugin, const TopicRoute& topic, std::uint32_t index)
      : link_(link), plugin_(plugin), topic_(topic), index_(index) {}
  LastWill(const LastWill&) = delete;
  LastWill& operator=(const LastWill&) = delete;

  /// `build` gets a flatbuffers::FlatBufferBuilder& and returns the offset of a `T`; of a raw payload it is the value,
  /// or writes it. The host has the will when this returns, or reads it before it looks for the plugin's end; it takes
  /// the place of an earlier one. Allocates, and makes a system call. Errors: TooLarge (above 4 KiB: the earlier one
  /// stays), HostGone, Undeclared (before validate).
  template <typename Build>
  [[nodiscard]] Status write(Build&& build, LastWillOptions options = {}) {
    if constexpr (bus::kIsRaw<T>) {
      alignas(8) T payload{};
      bus::write_raw(payload, build);
      return leave(options, reinterpret_cast<const std::uint8_t*>(&payload), sizeof payload);
    } else {
      static_assert(
          std::is_same_v<std::invoke_result_t<Build&, flatbuffers::FlatBufferBuilder&>, flatbuffers::Offset<T>>,
          "this builder makes another type than the manifest declares for this topic");
      constexpr std::size_t kAlignment = 8;
      flatbuffers::FlatBufferBuilder builder(1024);
      const auto root = build(builder);
      builder.Align(kAlignment);
      builder.Finish(root);
      return leave(options, builder.GetBufferPointer(), builder.GetSize());
    }
  }

  /// Whether write() has succeeded.
  [[nodiscard]] bool written() const { return written_; }

 private:
  Status leave(const LastWillOptions& options, const std::uint8_t* payload, std::size_t bytes) {
    SHUNT_CHECK(send_last_will(link_, plugin_, topic_, index_, options.key, payload, bytes));
    written_ = true;
    return {};
  }

  const Link& link_;
  std::string_view plugin_;
  const TopicRoute& topic_;
  std::uint32_t index_;
  bool written_ = false;
};

/// What a contract does for each: asks `ask(LastWill<T>&)`, the plugin's function, for it.
template <typename T, typename Ask>
[[nodiscard]] Status set_last_will(const Link& link, std::string_view plugin, const TopicRoute& topic,
                                   std::uint32_t index, const Ask& ask) {
  LastWill<T> asked(link, plugin, topic, index);
  SHUNT_CHECK(ask(asked));
  if (!asked.written()) return tl::make_unexpected(unwritten_last_will(plugin, topic));
  return {};
}

}  // namespace shunt::kit
