#pragma once
/// What a plugin knows, written down for another version of it, which takes over.
///
///     shunt::Status snapshot(shunt::kit::Snapshot<position::State1>& snapshot) override {
///       return snapshot.write([&](auto& build) { return position::CreateState1(build, total_); });
///     }
///     shunt::Status restore(const position::State1& state) override {
///       total_ = state.total();
///       return {};
///     }

#include <shunt/plugin-kit/link.hpp>
#include <shunt/schemas/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include <flatbuffers/flatbuffers.h>

namespace shunt::kit {

/// A shunt_state_sink with the texts of its errors.
struct StateSink {
  const Link& link;
  const shunt_state_sink& to;

  [[nodiscard]] Status write(std::span<const std::uint8_t> state) const {
    return link.status(to.write(to.data, state.data(), state.size()));
  }
};

[[nodiscard]] Error no_such_state(std::string_view plugin, std::uint32_t version);
[[nodiscard]] Error unwritten_snapshot(std::string_view plugin, std::uint32_t version);
[[nodiscard]] Error bad_state(std::string_view plugin, std::uint32_t version, std::size_t bytes);

/// Ends with the function that gets it.
template <typename T>
class Snapshot {
 public:
  explicit Snapshot(const StateSink& sink) : sink_(sink) {}
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  /// Once. `build` gets a flatbuffers::FlatBufferBuilder& and returns the offset of a `T`; it grows on the heap, and is
  /// copied. Errors: TooLarge (above the plugin's `state_max` in host.toml), BadInput (a second time), System.
  template <typename Build>
  [[nodiscard]] Status write(Build&& build) {
    static_assert(std::is_same_v<std::invoke_result_t<Build&, flatbuffers::FlatBufferBuilder&>, flatbuffers::Offset<T>>,
                  "this builder makes another type than the manifest declares for this version of the state");
    flatbuffers::FlatBufferBuilder builder(kFirstBytes);
    builder.Finish(build(builder));
    SHUNT_CHECK(sink_.write({builder.GetBufferPointer(), builder.GetSize()}));
    written_ = true;
    return {};
  }

  /// Whether write() has succeeded.
  [[nodiscard]] bool written() const { return written_; }

 private:
  static constexpr std::size_t kFirstBytes = 64u << 10;

  const StateSink& sink_;
  bool written_ = false;
};

/// What a contract does for each version of its state: asks `ask(Snapshot<T>&)`, the plugin's function, for it.
template <typename T, typename Ask>
[[nodiscard]] Status take_snapshot(std::string_view plugin, std::uint32_t version, const StateSink& sink,
                                   const Ask& ask) {
  Snapshot<T> asked(sink);
  SHUNT_CHECK(ask(asked));
  if (!asked.written()) return tl::make_unexpected(unwritten_snapshot(plugin, version));
  return {};
}

/// Null: it is none. As many tables as there is room for: their number is bounded by their size.
template <typename T>
[[nodiscard]] const T* verified_state(std::span<const std::uint8_t> state) {
  flatbuffers::Verifier::Options limits;
  limits.max_depth = kVerifyDepthMax;
  limits.max_tables = static_cast<flatbuffers::uoffset_t>(state.size());
  if (state.data() == nullptr || state.size() >= FLATBUFFERS_MAX_BUFFER_SIZE) return nullptr;
  flatbuffers::Verifier verifier(state.data(), state.size(), limits);
  return verifier.VerifyBuffer<T>() ? flatbuffers::GetRoot<T>(state.data()) : nullptr;
}

/// Gives `take(const T&)` what was verified.
template <typename T, typename Take>
[[nodiscard]] Status restore_state(std::string_view plugin, std::uint32_t version, std::span<const std::uint8_t> state,
                                   const Take& take) {
  const T* const verified = verified_state<T>(state);
  if (verified == nullptr) return tl::make_unexpected(bad_state(plugin, version, state.size()));
  return take(*verified);
}

}  // namespace shunt::kit
